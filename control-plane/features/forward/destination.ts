import type { LogRecordExporter } from '@opentelemetry/sdk-logs';

export const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json'] as const;

/** A backend that records are forwarded to. */
export interface Destination {
  /** The name of its cursor and its metrics. */
  readonly name: string;
  /** For HTTP the full URL, as in `https://…/v1/logs`; for gRPC `https://host:port`. */
  readonly endpoint: string;
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly headers: Readonly<Record<string, string>>;
  /** Query that selects the records; undefined: all of them. */
  readonly query: string | undefined;
}

/** The OpenTelemetry exporter for a destination; each is loaded only where it is used. */
export async function createExporter({
  endpoint,
  protocol,
  headers,
}: Destination): Promise<LogRecordExporter> {
  const options = { url: endpoint, headers: { ...headers }, compression: 'gzip' as never };
  if (protocol === 'http/json') {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-http');
    return new OTLPLogExporter(options);
  }
  if (protocol === 'http/protobuf') {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
    return new OTLPLogExporter(options);
  }
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-grpc');
  const { Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new OTLPLogExporter({ url: endpoint, metadata, compression: options.compression });
}
