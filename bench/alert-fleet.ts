import { INCIDENTS, type IncidentName, isUnderWay } from './alert-incidents.ts';

/** A line of the simulated fleet, as an agent sends it. */
export interface FleetLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Seconds until it arrives. */
  readonly lag: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const MACHINES = ['gpu-1', 'gpu-2', 'gpu-3', 'gpu-4', 'gpu-5', 'gpu-6', 'api-1', 'db-1', 'load-1'];

interface Service {
  readonly name: string;
  readonly machines: readonly string[];
  /** Lines a minute on an average day. */
  readonly rate: number;
  /** How much less at night and at weekends: 0 not at all, 1 all of it. */
  readonly night: number;
  readonly weekend: number;
  readonly texts: readonly string[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

const GPUS = MACHINES.filter((name) => name.startsWith('gpu'));
const SERVICES: readonly Service[] = [
  {
    name: 'vllm',
    machines: GPUS,
    rate: 18,
    night: 0.7,
    weekend: 0.4,
    texts: ['Avg prompt throughput: # tokens/s, running: # reqs', 'Received request cmpl-#: max_tokens=#'],
    warnings: [
      'Sequence group # is preempted because there is not enough KV cache space',
      'Token limit of # reached',
    ],
    errors: [
      'Request # aborted by client',
      'Failed to decode image in request #',
      'Tokenizer error at offset #',
    ],
  },
  {
    name: 'vector-db',
    machines: ['db-1'],
    rate: 8,
    night: 0.4,
    weekend: 0.3,
    texts: ['GET /collections/docs/points took # ms', 'Optimizing segment #', 'Flushed wal at #'],
    warnings: ['Slow query: # ms', 'Segment # is over its size limit'],
    errors: ['Collection # not found', 'Wrong vector dimension: expected 768, got #'],
  },
  {
    name: 'client',
    machines: ['load-1'],
    rate: 8,
    night: 0.5,
    weekend: 0.2,
    texts: [
      'user # asked: "what does CUDA out of memory mean"',
      'batch # done in # ms',
      'assistant: NVRM: Xid (PCI:0000:3b:00): 79 means that the GPU fell off the bus',
    ],
    warnings: ['retry # of request'],
    errors: [
      'request # timed out',
      'user #: my job said slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***',
    ],
  },
  {
    name: 'training',
    machines: GPUS,
    rate: 10,
    night: 0,
    weekend: 0.1,
    texts: ['step # loss 2.# lr 0.#', 'saved checkpoint # in # s'],
    warnings: ['gradient norm # is large'],
    errors: ['dataloader worker # restarted'],
  },
];
const ENDPOINTS = [
  { endpoint: '/v1/chat', rate: 7, median: 420 },
  { endpoint: '/v1/embeddings', rate: 4, median: 90 },
  { endpoint: '/v1/models', rate: 2, median: 15 },
];
const API_ERRORS = [
  'upstream # closed the connection',
  'invalid JSON in request #',
  'rate limit of tenant # exceeded',
];

/** One minute of the whole fleet. @param random 0 … 1, seeded */
export function* fleetMinute(minute: number, start: number, random: () => number): Generator<FleetLine> {
  const under = (name: IncidentName) => isUnderWay(name, minute);
  const begin = start + minute * 60_000;
  const line = (machine: string, fields: Record<string, unknown>): FleetLine | undefined => {
    if (machine === 'gpu-3' && under('silentMachine')) return undefined;
    const lag = machine === 'gpu-4' && under('lagging') ? 480 : 0.2 + random();
    return {
      time: begin + Math.floor(random() * 60_000),
      lag,
      fields: { machine_id: machine, source: 'file', ...fields },
    };
  };
  const lines: (FleetLine | undefined)[] = [];
  const load = (night: number, weekend: number) => {
    const hour = (minute / 60) % 24;
    const day = Math.floor(minute / 1440) % 7;
    const low = (1 + Math.cos(((hour - 2) / 24) * 2 * Math.PI)) / 2;
    return (1 - night * low) * (day >= 5 ? 1 - weekend : 1) * Math.exp(0.15 * normal(random));
  };
  const fill = (text: string) => text.replaceAll('#', () => String(Math.floor(random() * 100_000)));
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

  for (const machine of MACHINES) {
    lines.push(
      line(machine, { service: 'monitoring', level: 'info', message: fill('scrape of node took # ms') }),
    );
  }
  for (const service of SERVICES) {
    if (service.name === 'client' && under('silentService')) continue;
    let rate = service.rate * load(service.night, service.weekend);
    // Every night at two the collections are indexed anew, and on Tuesdays at six everything is deployed.
    if (service.name === 'vector-db' && minute % 1440 >= 120 && minute % 1440 < 150) rate *= 4;
    if (minute % 10_080 >= 1800 && minute % 10_080 < 1803) rate *= 0.2;
    if (service.name === 'vector-db' && under('flood')) rate *= 15;
    for (let count = poisson(rate, random); count > 0; count--) {
      const roll = random();
      const [level, texts] =
        roll < 0.01
          ? (['error', service.errors] as const)
          : roll < 0.04
            ? (['warn', service.warnings] as const)
            : (['info', service.texts] as const);
      lines.push(line(pick(service.machines), { service: service.name, level, message: fill(pick(texts)) }));
    }
  }
  for (const { endpoint, rate, median } of ENDPOINTS) {
    for (let count = poisson(rate * load(0.75, 0.5), random); count > 0; count--) {
      let duration_ms = median * Math.exp(0.5 * normal(random));
      if (endpoint === '/v1/embeddings' && under('slowEndpoint')) duration_ms = 6_000 + random() * 3_000;
      if (endpoint === '/v1/chat' && under('degraded')) duration_ms *= 3;
      const fails = random() < (under('errorSpike') ? 0.25 : 0.004);
      lines.push(
        line('api-1', {
          service: 'server',
          level: fails ? 'error' : 'info',
          message: fails ? fill(pick(API_ERRORS)) : 'Outgoing response',
          type: 'response',
          endpoint,
          status_code: fails ? 502 : 200,
          duration_ms,
        }),
      );
    }
  }
  for (const fields of incidentLines(minute, random)) {
    lines.push(line(String(fields.machine_id), fields));
  }
  for (const item of lines) if (item) yield item;
}

function* incidentLines(minute: number, random: () => number): Generator<Record<string, unknown>> {
  const under = (name: IncidentName) => isUnderWay(name, minute);
  const kernel = (log: string, machine_id: string) => ({ log, machine_id, file_path: '/var/log/kern.log' });
  const job = (log: string, machine_id: string, job_id = '4711') => ({ log, machine_id, job_id });
  if (under('newError'))
    yield {
      service: 'vllm',
      machine_id: 'gpu-1',
      level: 'error',
      message: `speculative decoding: draft model returned ${Math.floor(random() * 99)} tokens`,
    };
  if (under('fallenOff'))
    yield kernel(
      '[88.1] NVRM: Xid (PCI:0000:c2:00): 79, pid=1234, name=python3, GPU has fallen off the bus.',
      'gpu-5',
    );
  if (under('ecc'))
    yield kernel(
      '[99.2] NVRM: Xid (PCI:0000:3b:00): 48, pid=91237, name=python3, DBE (double bit error) ECC Error',
      'gpu-2',
    );
  if (under('nvswitch'))
    yield kernel(
      '[7.5] nvidia-nvswitch0: SXid (PCI:0000:c2:00.0): 20034, Fatal, Link 28 LTSSM Fault Up',
      'gpu-1',
    );
  if (under('nccl')) {
    for (let rank = 0; rank < 8; rank++) {
      const sequence = rank === 5 ? 6461 : 6463;
      yield job(
        `[rank${rank}]:[E1110 05:30:01.8 ProcessGroupNCCL.cpp:607] [Rank ${rank}] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=${sequence}, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600017 milliseconds before timing out.`,
        'gpu-6',
      );
    }
  }
  if (under('cudaMemory'))
    yield job(
      '[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 79.15 GiB',
      'gpu-2',
    );
  if (under('oomKiller'))
    yield kernel(
      '[12.3] Out of memory: Killed process 18422 (python3) total-vm:105906884kB, anon-rss:103000000kB',
      'gpu-4',
    );
  if (under('nodeFailure'))
    yield job(
      'slurmstepd: error: *** JOB 4712 ON gpu-3 CANCELLED AT 2026-11-11T12:00:01 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
      'gpu-3',
      '4712',
    );
  if (under('preempted'))
    yield job(
      'slurmstepd: error: *** JOB 4713 ON gpu-1 CANCELLED AT 2026-11-11T18:00:01 DUE TO PREEMPTION ***',
      'gpu-1',
      '4713',
    );
  if (under('launchFailed'))
    yield {
      service: 'server',
      machine_id: 'api-1',
      level: 'error',
      message: 'launch failed in phase model_loading',
      node_id: 'node-7',
      event_type: 'node_launch_failed',
    };
  if (under('launchStuck'))
    yield {
      service: 'server',
      machine_id: 'api-1',
      level: 'warn',
      message: 'no progress for 15 minutes',
      node_id: 'node-8',
      event_type: 'node_launch_stuck',
    };
  if (under('warnings'))
    for (let count = 0; count < 20; count++)
      yield {
        service: 'vllm',
        machine_id: 'gpu-5',
        level: 'warn',
        message: `Token limit of ${Math.floor(random() * 9999)} reached`,
      };
  if (under('diskFull'))
    yield {
      service: 'training',
      machine_id: 'gpu-6',
      level: 'error',
      message: 'OSError: [Errno 28] No space left on device',
      job_id: '4714',
    };
}

/** Days of the simulation. */
export const DAYS = 14;
export const incidentNames = Object.keys(INCIDENTS) as IncidentName[];

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
