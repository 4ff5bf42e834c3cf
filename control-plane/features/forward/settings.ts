import { z } from 'zod';
import { parseQuery } from '../../query/parser.ts';
import { endpoint, type SettingsOf, text } from '../../setting-types.ts';
import { PROTOCOLS } from './destination.ts';

const DESTINATIONS_FORM = 'a JSON list of {"name", "endpoint", "protocol"?, "headers"?, "query"?}';
const protocol = z.enum(PROTOCOLS, `one of ${PROTOCOLS.join(', ')}`);
const query = text.refine(isQuery, 'a query such as level:error service:vllm');
const furtherDestination = z.strictObject(
  {
    name: z.string().regex(/^[a-z0-9-]+$/, DESTINATIONS_FORM),
    endpoint,
    protocol: protocol.default('http/protobuf'),
    headers: z.record(z.string(), z.string()).default({}),
    query: query.optional(),
  },
  DESTINATIONS_FORM,
);

export const FORWARD_SETTINGS = {
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: protocol.default('http/protobuf'),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().transform(readHeaders).optional(),
  DASH0_API_KEY: text.optional(),
  FORWARD_QUERY: query.optional(),
  FORWARD_DESTINATIONS: z
    .string()
    .transform(readJson)
    .pipe(z.array(furtherDestination, DESTINATIONS_FORM))
    .default([]),
};

export type ForwardSettings = SettingsOf<typeof FORWARD_SETTINGS>;

function isQuery(given: string): boolean {
  try {
    parseQuery(given);
    return true;
  } catch {
    return false;
  }
}

/** Parses `name=value,name=value`, percent-encoded, as in the OpenTelemetry specification. */
function readHeaders(value: string, context: z.RefinementCtx): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const part of value.split(',').filter((item) => item.trim() !== '')) {
    const [name = '', ...rest] = part.split('=');
    if (name.trim() === '' || rest.length === 0) {
      context.addIssue('name=value, with commas between several');
      return z.NEVER;
    }
    try {
      headers[decodeURIComponent(name.trim())] = decodeURIComponent(rest.join('=').trim());
    } catch {
      context.addIssue('name=value, percent-encoded (% is %25)');
      return z.NEVER;
    }
  }
  return headers;
}

function readJson(value: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(value);
  } catch {
    context.addIssue(DESTINATIONS_FORM);
    return z.NEVER;
  }
}
