import { type DemoEvent, type DemoProgram, isoTime, plainTime } from './program.ts';
import type { DemoRandom } from './random.ts';

const MODEL = 'orchard-8b-instruct';
const VLLM = 'vllm/vllm_server.log';
const QDRANT = 'qdrant/qdrant.log';
const COMFYUI = 'workspace/logs/comfyui.log';
const COLLECTIONS = ['manuals', 'tickets', 'release_notes'];

/** A vLLM server: level words first, a time without year and zone, access lines without any time. */
export const vllmServer: DemoProgram = {
  weight: 6,
  step(random, time) {
    const stamp = plainTime(time).slice(5);
    const api = (text: string): DemoEvent[] => [{ file: VLLM, text: `(APIServer pid=1284) ${text}` }];
    if (random.chance(0.01)) return [{ file: VLLM, text: engineFailure(random, stamp) }];
    if (random.chance(0.03)) {
      const text = `WARNING ${stamp} [scheduler.py:731] Preempted ${random.integer(1, 6)} sequences: no free KV cache blocks`;
      return [{ file: VLLM, text: `(EngineCore_DP0 pid=1391) ${text}` }];
    }
    if (random.chance(0.3)) {
      return api(
        `INFO ${stamp} [loggers.py:127] Engine 000: Avg prompt throughput: ${random.decimal(200, 4000)} tokens/s, ` +
          `Avg generation throughput: ${random.decimal(80, 900)} tokens/s, Running: ${random.integer(1, 32)} reqs, ` +
          `Waiting: ${random.integer(0, 9)} reqs, GPU KV cache usage: ${random.decimal(5, 97)}%, ` +
          `Prefix cache hit rate: ${random.decimal(20, 80)}%`,
      );
    }
    if (random.chance(0.3)) {
      const id = `chatcmpl-${random.integer(0x10000000, 0xffffffff).toString(16)}`;
      return api(
        `INFO ${stamp} [logger.py:40] Received request ${id}: model=${MODEL} max_tokens=${random.pick([128, 512, 2048])}`,
      );
    }
    const status = random.pick(['200 OK', '200 OK', '200 OK', '200 OK', '400 Bad Request']);
    const client = `10.20.0.${random.integer(11, 19)}:${random.integer(40000, 60000)}`;
    return api(`INFO:     ${client} - "POST /v1/chat/completions HTTP/1.1" ${status}`);
  },
};

/** vLLM repeats its prefix on each line of a stack trace. */
function engineFailure(random: DemoRandom, stamp: string): string {
  return [
    'EngineCore step failed, aborting the running requests',
    'Traceback (most recent call last):',
    '  File "/opt/vllm/v1/engine/core.py", line 362, in step',
    '    output = self.model_executor.execute_model(scheduled)',
    '  File "/opt/vllm/v1/worker/gpu_worker.py", line 418, in execute_model',
    '    return self.model_runner.execute_model(scheduled)',
    `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${random.decimal(0.5, 4, 2)} GiB.`,
  ]
    .map((line) => `(EngineCore_DP0 pid=1391) ERROR ${stamp} [core.py:362] ${line}`)
    .join('\n');
}

/** A vector database that logs as Qdrant does: RFC 3339 in microseconds, level right-aligned. */
export const vectorDatabase: DemoProgram = {
  weight: 3,
  step(random, time) {
    const collection = random.pick(COLLECTIONS);
    const stamp = `${isoTime(time).slice(0, -1)}${random.integer(100, 999)}Z`;
    const write = (text: string): DemoEvent[] => [{ file: QDRANT, text: `${stamp} ${text}` }];
    if (random.chance(0.01)) {
      return write(
        `ERROR qdrant::tonic::logging: gRPC /qdrant.Points/Upsert failed with Internal error "no space left in segment ${random.integer(0, 7)} of ${collection}" ${random.decimal(0.1, 2, 6)}`,
      );
    }
    if (random.chance(0.04)) {
      return write(
        ` WARN segment::index::hnsw_index: Building the index of ${collection} with ${random.integer(2, 8)} threads took ${random.decimal(8, 40)} s`,
      );
    }
    const [method, action] = random.pick([
      ['POST', 'points/search'],
      ['POST', 'points/query'],
      ['PUT', 'points'],
      ['GET', ''],
    ] as const);
    const path = `/collections/${collection}${action && `/${action}`}`;
    return write(
      ` INFO actix_web::middleware::logger: 10.20.0.${random.integer(11, 19)} "${method} ${path} HTTP/1.1" 200 ${random.integer(60, 4000)} "-" "qdrant-client/1.15.1 python/3.12.4" ${random.decimal(0.0001, 0.02, 6)}`,
    );
  },
};

/** An image worker: times to the minute in brackets, level words in the text where there are any. */
export const imageWorker: DemoProgram = {
  weight: 2,
  step(random, time) {
    const write = (text: string): DemoEvent[] => [
      { file: COMFYUI, text: `[${plainTime(time).slice(0, 16)}] ${text}` },
    ];
    const seconds = random.decimal(2, 20, 2);
    return random.pick([
      () => write('got prompt'),
      () => write(`Prompt executed in ${seconds} seconds`),
      () => write(`loaded completely ${random.decimal(4000, 20000)} 4897.05 True`),
      () =>
        write(`100%|██████████| 20/20 [00:0${random.integer(2, 9)}<00:00,  ${random.decimal(2, 7, 2)}it/s]`),
      () =>
        random.chance(0.7)
          ? write('Requested to load AutoencoderKL')
          : write(
              `WARNING: no node type is registered for "Sharpen${random.integer(2, 5)}", the prompt was skipped`,
            ),
    ])();
  },
};
