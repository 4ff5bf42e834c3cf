import t from 'tap';
import { EventReader, take } from '../event-reader.ts';
import { serve } from './serve.ts';

/** The examples of the live-logs and logging-system documents, in words of HTTP; times moved to the last hour. */
const MINUTES_AGO = (minutes: number) =>
  new Date(Date.now() - minutes * 60_000).toISOString().replace('Z', '456');
const url = 'http://localhost:5000/api/v1/models';
const request = {
  level: 'INFO',
  message: 'Incoming request',
  module: 'logger',
  type: 'request',
  remote_addr: '127.0.0.1',
  user_agent: 'curl/7.68.0',
};
const response = { level: 'INFO', message: 'Outgoing response', module: 'logger', type: 'response' };
const ENTRIES = [
  {
    ...request,
    timestamp: MINUTES_AGO(50),
    request_id: 'req_1',
    method: 'GET',
    url,
    endpoint: 'list_models',
    content_type: null,
    content_length: null,
    args: {},
  },
  {
    ...response,
    timestamp: MINUTES_AGO(49),
    request_id: 'req_1',
    method: 'GET',
    url,
    endpoint: 'list_models',
    status_code: 200,
    content_type: 'application/json',
    content_length: 1234,
    duration_ms: 45.67,
  },
  {
    ...request,
    timestamp: MINUTES_AGO(48),
    request_id: 'req_2',
    method: 'POST',
    url: 'http://localhost:5000/api/v1/generate',
    endpoint: 'generate_response',
    request_body: { question: 'Hello, how are you?', model_name: 'llama-3.2-3b' },
  },
  {
    ...response,
    timestamp: MINUTES_AGO(47),
    request_id: 'req_2',
    method: 'POST',
    endpoint: 'generate_response',
    status_code: 200,
    duration_ms: 6111.34,
    response_body: { success: true, generation_time: 2.05 },
  },
  {
    ...request,
    timestamp: MINUTES_AGO(46),
    request_id: 'req_3',
    method: 'DELETE',
    endpoint: 'delete_model',
  },
  {
    ...response,
    timestamp: MINUTES_AGO(45),
    level: 'ERROR',
    message: 'Error response - 404',
    request_id: 'req_3',
    method: 'DELETE',
    endpoint: 'delete_model',
    status_code: 404,
    error_type: 'FileNotFoundError',
    duration_ms: 12.34,
  },
  {
    timestamp: MINUTES_AGO(44),
    level: 'INFO',
    message: 'Model uploaded successfully: new-model.gguf',
    module: 'logger',
    type: 'custom_event',
    event_type: 'model_upload',
    filename: 'new-model.gguf',
    file_size: 4294967296,
    model_info: { name: 'new-model.gguf', size: '4.0 GB', created: '2025-06-26T10:32:00' },
  },
  {
    timestamp: MINUTES_AGO(43),
    level: 'ERROR',
    message: 'Text generation error with model mistral-7b: Model not found',
    type: 'custom_event',
    endpoint: 'generate_response',
    error_type: 'ModelNotFoundError',
  },
  { timestamp: MINUTES_AGO(42), level: 'ERROR', message: 'a line of a program without a type' },
];
type Entry = Record<string, unknown>;

t.test('GET /api/v1/logs/recent', async (t) => {
  const { get, ingest } = await serve(t);
  await ingest(ENTRIES);
  const messages = async (query: string) =>
    (await get<Entry[]>(`/api/v1/logs/recent${query}`)).map(({ message }) => message);

  const all = await get<Entry[]>('/api/v1/logs/recent');
  t.same(
    all.map(({ message }) => message),
    ENTRIES.map(({ message }) => message),
    'an array, oldest first',
  );
  t.match(
    all[0],
    { level: 'INFO', type: 'request', request_id: 'req_1', content_type: null, args: {} },
    'nulls and empty objects come back',
  );
  t.match(all[6], { file_size: 4294967296, model_info: { size: '4.0 GB' }, event_type: 'model_upload' });
  t.equal(all[0]!.timestamp, `${ENTRIES[0]!.timestamp}Z`, 'to the digits that were sent');
  t.same(
    await messages('?lines=2'),
    ENTRIES.slice(-2).map(({ message }) => message),
  );
  t.same(
    await messages('?type=errors&lines=25'),
    ENTRIES.filter(({ level }) => level === 'ERROR').map(({ message }) => message),
  );
  t.same(
    await messages('?lines=1000&type=api'),
    ENTRIES.filter((entry) => 'type' in entry).map(({ message }) => message),
  );
  t.same(await messages('?q=uploaded'), ['Model uploaded successfully: new-model.gguf']);
});

t.test('GET /api/v1/logs/stats', async (t) => {
  const { get, ingest } = await serve(t);
  await ingest(ENTRIES);
  await ingest([{ ...ENTRIES[0], timestamp: MINUTES_AGO(26 * 60), endpoint: 'health_check' }]);

  t.match(await get('/api/v1/logs/stats'), {
    api_stats: {
      total_requests: 3,
      endpoints: { list_models: 1, generate_response: 1, delete_model: 1 },
      methods: { GET: 1, POST: 1, DELETE: 1 },
      status_codes: { 200: 2, 404: 1 },
      avg_response_time: 2056.45,
      p50_response_time: 45.67,
      response_times: [45.67, 6111.34, 12.34],
      slow_endpoints: [
        { endpoint: 'generate_response', responses: 1, slow_responses: 1, avg: 6111.34, max: 6111.34 },
        { endpoint: 'list_models', slow_responses: 0 },
        { endpoint: 'delete_model', slow_responses: 0 },
      ],
    },
    error_summary: {
      total_errors: 2,
      error_types: { FileNotFoundError: 1, ModelNotFoundError: 1 },
      endpoints_with_errors: { delete_model: 1, generate_response: 1 },
      status_codes: { 404: 1 },
    },
    timeframe_hours: 24,
  });
  const longer = await get<{ api_stats: Entry }>('/api/v1/logs/stats?hours=48');
  t.equal(longer.api_stats.total_requests, 4, 'the time can be chosen');
});

t.test('statistics of no entries', async (t) => {
  const { get } = await serve(t);
  t.match(await get('/api/v1/logs/stats?hours=6'), {
    api_stats: { total_requests: 0, endpoints: {}, avg_response_time: 0, response_times: [] },
    error_summary: { total_errors: 0, error_types: {} },
    timeframe_hours: 6,
  });
});

t.test('GET /api/v1/logs/stream as EventSource and curl read it', async (t) => {
  const { url: base, ingest } = await serve(t);
  const reader = new EventReader(`${base}/api/v1/logs/stream?tail=1`, {
    headers: { Accept: 'text/event-stream' },
  });
  await ingest(ENTRIES.slice(0, 1));
  const events = reader[Symbol.asyncIterator]();
  const first = await events.next();
  t.equal(reader.headers['content-type'], 'text/event-stream; charset=utf-8');
  t.equal(reader.headers['cache-control'], 'no-cache');
  t.equal(reader.headers['x-accel-buffering'], 'no');
  t.equal(JSON.parse(first.value!.data).message, 'Incoming request', 'history first');

  await ingest(ENTRIES.slice(1, 6));
  const live = [];
  while (live.length < 5) live.push((await events.next()).value!);
  await events.return(undefined);
  t.same(
    live.map(({ name }) => name),
    ['', '', '', '', ''],
    'unnamed, so that onmessage gets them',
  );
  t.same(
    live.map(({ id }) => id),
    live.map(({ data }) => JSON.parse(data).id),
  );
  t.match(live[4]!.data, /"level":"ERROR"/, 'grep finds it');
});

t.test('a stream gives only what was asked for', async (t) => {
  const { url: base, ingest } = await serve(t);
  await ingest(ENTRIES);
  const streamed = async (query: string, count: number) =>
    (await take(new EventReader(`${base}/api/v1/logs/stream?follow=false&tail=100&${query}`), count)).map(
      ({ data }) => JSON.parse(data).message,
    );
  t.same(await streamed('level=error', 99), [
    'Error response - 404',
    'Text generation error with model mistral-7b: Model not found',
    'a line of a program without a type',
  ]);
  t.same(await streamed('type=request', 99), ['Incoming request', 'Incoming request', 'Incoming request']);
  t.same(await streamed('q=model_info.name:new*', 99), ['Model uploaded successfully: new-model.gguf']);
});
