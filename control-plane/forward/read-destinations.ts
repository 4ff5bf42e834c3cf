import type { Destination } from './destination.ts';

export interface ForwardSettings {
  readonly OTEL_EXPORTER_OTLP_LOGS_ENDPOINT?: string | undefined;
  readonly OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: Destination['protocol'];
  readonly OTEL_EXPORTER_OTLP_HEADERS?: Readonly<Record<string, string>> | undefined;
  readonly DASH0_API_KEY?: string | undefined;
  readonly FORWARD_QUERY?: string | undefined;
  readonly FORWARD_DESTINATIONS: readonly (Omit<Destination, 'query'> & {
    readonly query?: string | undefined;
  })[];
}

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
