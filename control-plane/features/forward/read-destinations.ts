import type { Destination } from './destination.ts';
import type { ForwardSettings } from './settings.ts';

/** The destination of OpenTelemetry's own settings, named `otlp`, then the further ones. */
export function readDestinations(settings: ForwardSettings): Destination[] {
  const key = settings.DASH0_API_KEY;
  const endpoint = settings.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT;
  const further = settings.FORWARD_DESTINATIONS.map(({ query, ...rest }) => ({ ...rest, query }));
  if (endpoint === undefined) return further;
  const first: Destination = {
    name: 'otlp',
    endpoint,
    protocol: settings.OTEL_EXPORTER_OTLP_LOGS_PROTOCOL,
    headers: {
      ...settings.OTEL_EXPORTER_OTLP_HEADERS,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    query: settings.FORWARD_QUERY,
  };
  return [first, ...further];
}
