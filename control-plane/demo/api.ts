import { type DemoEvent, type DemoProgram, isoTime } from './program.ts';
import type { DemoRandom } from './random.ts';

const API = 'api/logs/api.log';
const ORIGIN = 'http://localhost:5000/api/v1';

interface Endpoint {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Milliseconds. */
  readonly typical: number;
}

const ENDPOINTS: readonly Endpoint[] = [
  { name: 'health_check', method: 'GET', path: '/health', typical: 3 },
  { name: 'list_models', method: 'GET', path: '/models', typical: 20 },
  { name: 'generate_response', method: 'POST', path: '/generate', typical: 900 },
  { name: 'generate_response', method: 'POST', path: '/generate', typical: 900 },
  { name: 'upload_model', method: 'POST', path: '/models', typical: 300 },
  { name: 'delete_model', method: 'DELETE', path: '/models/plum-3b.gguf', typical: 40 },
];

/** A model API with a structured request log: each request, and its response when it is due. */
export class ModelApi implements DemoProgram {
  readonly weight = 6;
  private readonly due: { at: number; entries: object[] }[] = [];

  step(random: DemoRandom, time: number): DemoEvent[] {
    const answered = this.due.findIndex(({ at }) => at <= time);
    if (answered >= 0) return this.due.splice(answered, 1)[0]!.entries.map(write);
    return [write(this.request(random, time))];
  }

  /** Notes the response, too, for its time. */
  private request(random: DemoRandom, time: number): object {
    const { name, method, path, typical } = random.pick(ENDPOINTS);
    const call = {
      request_id: `req_${time}${random.integer(100, 999)}`,
      method,
      url: `${ORIGIN}${path}`,
      endpoint: name,
    };
    const duration = random.duration(typical);
    const at = time + Math.ceil(duration);
    const status = random.chance(0.06) ? random.pick([400, 404, 500, 503]) : 200;
    const response = {
      timestamp: stamp(at),
      level: status < 400 ? 'INFO' : 'ERROR',
      message: status < 400 ? 'Outgoing response' : `Error response - ${status}`,
      module: 'logger',
      type: 'response',
      ...call,
      status_code: status,
      content_type: 'application/json',
      content_length: random.integer(40, 4000),
      duration_ms: duration,
    };
    this.due.push({ at, entries: [response, ...afterwards(random, at, name, status, call)] });
    return {
      timestamp: stamp(time),
      level: 'INFO',
      message: 'Incoming request',
      module: 'logger',
      type: 'request',
      ...call,
      remote_addr: `10.20.0.${random.integer(11, 19)}`,
      user_agent: 'orchard-client/2.3',
      content_type: method === 'POST' ? 'application/json' : null,
      content_length: method === 'POST' ? random.integer(60, 900) : null,
      args: {},
      ...(name === 'generate_response' && {
        request_body: { question: 'Summarize the incident report', model_name: 'plum-3b' },
      }),
    };
  }
}

function afterwards(
  random: DemoRandom,
  at: number,
  endpoint: string,
  status: number,
  call: object,
): object[] {
  const head = { timestamp: stamp(at), module: 'route_handlers' };
  if (status >= 400) {
    const [error_type, error_message] = {
      400: ['ValidationError', 'max_tokens must be a positive number'],
      404: ['FileNotFoundError', 'Model not found'],
      500: ['RuntimeError', 'The model process has ended'],
      503: ['ModelBusyError', 'All model slots are taken'],
    }[status]!;
    return [
      { ...head, level: 'ERROR', message: error_message, type: 'error', ...call, error_type, error_message },
    ];
  }
  if (endpoint !== 'upload_model') return [];
  const filename = `plum-${random.integer(1, 70)}b.gguf`;
  return [
    {
      ...head,
      level: 'INFO',
      message: `Model uploaded successfully: ${filename}`,
      type: 'custom_event',
      event_type: 'model_upload',
      filename,
      file_size: random.integer(1, 40) * 2 ** 30,
      model_info: { name: filename, size: `${random.decimal(1, 40)} GB`, created: stamp(at) },
    },
  ];
}

/** Microseconds without a zone, as Python's isoformat gives. */
function stamp(time: number): string {
  return `${isoTime(time).slice(0, -1)}000`;
}

function write(entry: object): DemoEvent {
  return { file: API, text: JSON.stringify(entry) };
}
