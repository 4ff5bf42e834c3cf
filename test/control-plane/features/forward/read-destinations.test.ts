import t from 'tap';
import { readConfig } from '../../../../control-plane/config.ts';
import { readDestinations } from '../../../../control-plane/features/forward/read-destinations.ts';

const destinations = (settings: Record<string, string>) => readDestinations(readConfig(settings));
const endpoint = 'https://ingress.dash0.com/v1/logs';

t.test('nothing is forwarded without an endpoint', async (t) => {
  t.same(destinations({ DASH0_API_KEY: 'k' }), []);
});

t.test("OpenTelemetry's settings are the first destination, further ones follow", async (t) => {
  const further = { name: 'second', endpoint: 'http://b:4317', protocol: 'grpc', query: 'level:error' };
  t.same(
    destinations({
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1, Dash0-Dataset=my%20set',
      DASH0_API_KEY: 'key',
      FORWARD_QUERY: 'service:vllm',
      FORWARD_DESTINATIONS: JSON.stringify([further]),
    }),
    [
      {
        name: 'otlp',
        endpoint,
        protocol: 'http/protobuf',
        headers: { a: '1', 'Dash0-Dataset': 'my set', authorization: 'Bearer key' },
        query: 'service:vllm',
      },
      { ...further, headers: {} },
    ],
  );
});

t.test('settings that do not parse are reported', async (t) => {
  const cases: [name: string, value: string, message: RegExp][] = [
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'dash0', /expected an http or https URL/],
    ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'http', /expected one of grpc, http\/protobuf, http\/json/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'novalue', /expected name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=1,share=100%', /^OTEL_EXPORTER_OTLP_HEADERS: expected name=value/],
    ['FORWARD_DESTINATIONS', '{', /expected a JSON list of/],
    ['FORWARD_DESTINATIONS', '[{"name":"A b","endpoint":"http://b"}]', /expected a JSON list of/],
    ['FORWARD_DESTINATIONS', '[{"name":"a"}]', /FORWARD_DESTINATIONS: expected/],
    ['FORWARD_DESTINATIONS', '[{"name":"a","endpoint":"http://b","extra":1}]', /expected a JSON list of/],
    ['FORWARD_QUERY', '((', /expected a query such as/],
    ['LOG_API_CALLS', 'maybe', /expected true or false, got "maybe"/],
  ];
  for (const [name, value, message] of cases)
    t.throws(() => readConfig({ [name]: value }), { message }, `${name}=${value}`);
});
