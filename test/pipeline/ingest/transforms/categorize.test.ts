import t from 'tap';
import { createCategorizer } from '../../../../pipeline/ingest/transforms/categorize.ts';
import type { CategoryEvidence } from '../../../../pipeline/record/category.ts';

const nothing: CategoryEvidence = {
  service: '',
  file_path: '',
  machine_id: '',
  container_name: '',
  message: '',
};

function service(evidence: Partial<CategoryEvidence>): string {
  return createCategorizer()({ ...nothing, ...evidence });
}

t.test('the path decides: the name of the file, then the folders near it', async (t) => {
  for (const [file_path, expected] of [
    ['/logs/loadgen-12345.out', 'client'],
    ['/logs/loadgen-12345.err', 'client'],
    ['/logs/loadgen-vllm-12345.out', 'client'],
    ['/logs/vllm_server.log', 'vllm'],
    ['/logs/vllm-12345.out', 'vllm'],
    ['/logs/vllm-agents/state_server_2.log', 'server'],
    ['/logs/qdrant-videosearch/api.log', 'server'],
    ['/logs/qdrant-videosearch/qdrant.log', 'vector-db'],
    ['/logs/vector-db/app.log', 'vector-db'],
    ['/logs/milvus-7.out', 'vector-db'],
    ['/logs/node_exporter.log', 'monitoring'],
    ['/logs/dcgm-exporter.log', 'monitoring'],
    ['/logs/gpu_monitor.log', 'monitoring'],
    ['/logs/prometheus-server.log', 'monitoring'],
    ['/home/u/.pm2/logs/main-error.log', 'server'],
    ['/var/log/pm2/app-out.log', 'server'],
    ['C:\\logs\\backend_dev.log', 'server'],
    ['/scratch/vllmcluster/train-123.out', 'uncategorized'],
    ['/scratch/myqdrantdata/run.out', 'uncategorized'],
    ['/vllm/users/u/project/run/slurm-12345.out', 'uncategorized'],
    ['/logs/capital.log', 'uncategorized'],
  ] as const) {
    t.equal(service({ file_path }), expected, file_path);
  }
});

t.test('an explicit service wins; the container comes behind the path', async (t) => {
  t.equal(service({ service: 'mine', file_path: '/logs/vllm.log' }), 'mine');
  t.equal(service({ file_path: '/logs/vllm.log', container_name: 'qdrant' }), 'vllm');
  t.equal(
    service({ file_path: '/var/lib/docker/containers/ab/ab-json.log', container_name: '/qdrant-1' }),
    'vector-db',
  );
  t.equal(service({ container_name: 'k8s_vllm_pod' }), 'vllm');
  t.equal(service({ container_name: 'builder' }), 'uncategorized');
});

t.test('the form of a line shows its program, a mention does not', async (t) => {
  for (const [message, expected] of [
    ['INFO 04-18 14:12:51 api_server.py:840] vLLM API server version 0.7.2', 'vllm'],
    ['(APIServer pid=155) INFO 11-28 15:27:15 [api_server.py:1977] x', 'vllm'],
    ['2025-05-23T10:48:28.806496Z  INFO qdrant::actix: TLS disabled', 'vector-db'],
    ['ts=2025-04-30T10:57:18.731Z caller=node_exporter.go:193 level=info msg="x"', 'monitoring'],
    ['prometheus  | time=2025-04-11T12:35:44.023Z level=INFO source=main.go:225 msg="x"', 'monitoring'],
    ['[2024-12-11 22:53:55,836] f895a6c78956/INFO/locust.main: Starting', 'client'],
    ['INFO:     127.0.0.1:56712 - "GET /health HTTP/1.1" 200 OK', 'server'],
    ['2026-01-04 23:47:29 [main] INFO  c.e.auth.App - Starting', 'server'],
    ['Connecting to qdrant at http://qdrant:6333', 'uncategorized'],
    ['2025-08-20 23:43:24 | INFO     | app.llm_client:initialize_vllm:51 - vLLM ready', 'uncategorized'],
    ['prompt: INFO 04-18 14:12:51 api_server.py:840] x', 'uncategorized'],
  ] as const) {
    t.equal(service({ message }), expected, message);
  }
});

t.test('what showed the program of a file holds for its later lines, and for no other file', async (t) => {
  const categorize = createCategorizer();
  const line = (machine_id: string, file_path: string, message: string) =>
    categorize({ ...nothing, machine_id, file_path, message });
  const vllmLine = 'INFO 04-18 14:12:51 api_server.py:840] x';
  t.equal(line('a', '/logs/7.out', 'plain'), 'uncategorized', 'before it');
  t.equal(line('a', '/logs/7.out', vllmLine), 'vllm');
  t.equal(line('a', '/logs/7.out', 'plain'), 'vllm', 'behind it');
  t.equal(
    line('a', '/logs/7.out', 'INFO:     127.0.0.1:1 - "GET / HTTP/1.1" 200 OK'),
    'vllm',
    'never revised',
  );
  t.equal(line('b', '/logs/7.out', 'plain'), 'uncategorized', 'another machine');
  t.equal(line('a', '/logs/8.out', 'plain'), 'uncategorized', 'another file');
  t.equal(line('a', '', vllmLine), 'vllm');
  t.equal(line('a', '', 'plain'), 'uncategorized', 'without a file nothing is remembered');
});

t.test('memory is bounded: files that fell silent are forgotten, those in use are not', async (t) => {
  const categorize = createCategorizer();
  const line = (file_path: string, message: string) => categorize({ ...nothing, file_path, message });
  const vllmLine = 'INFO 04-18 14:12:51 api_server.py:840] x';
  line('/logs/silent.out', vllmLine);
  line('/logs/busy.out', vllmLine);
  for (let i = 0; i < 25_000; i++) {
    line(`/logs/${i}.out`, vllmLine);
    if (i % 1000 === 0) t.equal(line('/logs/busy.out', 'plain'), 'vllm');
  }
  t.equal(line('/logs/silent.out', 'plain'), 'uncategorized');
});

t.test('own rules stand ahead of the built-in ones, whatever their kind of evidence', async (t) => {
  const categorize = createCategorizer([
    { service: 'training', words: ['trainer'], path: /\/jobs\/train-/ },
    { service: 'ray', container: /^ray-/ },
    { service: 'chat', program: /^\[chat\] / },
  ]);
  t.equal(categorize({ ...nothing, file_path: '/jobs/train-server.log' }), 'training');
  t.equal(categorize({ ...nothing, file_path: '/logs/trainer_api.log' }), 'training');
  t.equal(categorize({ ...nothing, file_path: '/logs/api.log', container_name: 'ray-head' }), 'ray');
  t.equal(categorize({ ...nothing, message: '[chat] hello' }), 'chat');
  t.equal(categorize({ ...nothing, file_path: '/logs/vllm.log' }), 'vllm', 'the built-in ones still hold');
});
