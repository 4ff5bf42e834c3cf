/** What goes wrong in the simulated fleet: one incident of each kind, from the fourth day on. */
export interface Incident {
  readonly name: string;
  /** Minutes since the start. */
  readonly start: number;
  readonly minutes: number;
  /** Rules that are right to fire. */
  readonly rules: readonly string[];
}

const at = (day: number, clock: string) => {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return (day - 1) * 1440 + hour * 60 + minute;
};

export const INCIDENTS = {
  errorSpike: {
    name: 'API answers a quarter of its requests with an error',
    start: at(4, '10:20'),
    minutes: 10,
    rules: ['error-spike', 'error-share'],
  },
  newError: {
    name: 'a new exception in vLLM, one a minute',
    start: at(4, '22:10'),
    minutes: 12,
    rules: ['new-error'],
  },
  slowEndpoint: {
    name: 'embeddings take 6 to 9 s',
    start: at(5, '14:00'),
    minutes: 20,
    rules: ['slow-endpoint'],
  },
  degraded: {
    name: 'chat takes three times as long as usual, still under 5 s',
    start: at(6, '09:30'),
    minutes: 60,
    rules: ['response-time'],
  },
  silentMachine: {
    name: 'gpu-3 sends nothing',
    start: at(6, '16:40'),
    minutes: 50,
    rules: ['agent-silent'],
  },
  silentService: {
    name: 'the load generator stops in a busy hour',
    start: at(7, '11:00'),
    minutes: 45,
    rules: ['log-rate'],
  },
  flood: {
    name: 'Qdrant writes fifteen times as much',
    start: at(7, '20:00'),
    minutes: 20,
    rules: ['log-rate'],
  },
  fallenOff: {
    name: 'a GPU falls off the bus (Xid 79)',
    start: at(8, '03:12'),
    minutes: 1,
    rules: ['gpu-xid-critical'],
  },
  ecc: {
    name: 'double bit ECC error (Xid 48)',
    start: at(8, '13:00'),
    minutes: 1,
    rules: ['gpu-xid-critical'],
  },
  nvswitch: {
    name: 'an NVSwitch link goes down (SXid 20034)',
    start: at(9, '01:00'),
    minutes: 1,
    rules: ['nvswitch-sxid'],
  },
  nccl: {
    name: 'NCCL time-out, rank 5 lags',
    start: at(9, '05:30'),
    minutes: 1,
    rules: ['nccl-timeout'],
  },
  cudaMemory: {
    name: 'CUDA out of memory on rank 3',
    start: at(9, '15:00'),
    minutes: 1,
    rules: ['cuda-out-of-memory'],
  },
  oomKiller: {
    name: 'the kernel kills a data loader',
    start: at(10, '02:00'),
    minutes: 1,
    rules: ['oom-killer'],
  },
  nodeFailure: {
    name: 'SLURM loses a node',
    start: at(10, '12:00'),
    minutes: 1,
    rules: ['slurm-node-failure'],
  },
  preempted: {
    name: 'a job is preempted',
    start: at(10, '18:00'),
    minutes: 1,
    rules: ['slurm-preempted'],
  },
  launchFailed: {
    name: 'a node launch fails',
    start: at(11, '09:00'),
    minutes: 1,
    rules: ['launch-failed'],
  },
  launchStuck: {
    name: 'a node launch makes no progress',
    start: at(11, '15:00'),
    minutes: 1,
    rules: ['launch-stuck'],
  },
  lagging: {
    name: 'lines of gpu-4 arrive eight minutes late',
    start: at(12, '10:00'),
    minutes: 20,
    rules: ['agent-lagging'],
  },
  warnings: {
    name: 'vLLM repeats one warning twenty times a minute',
    start: at(13, '04:00'),
    minutes: 15,
    rules: ['warning-flood'],
  },
  diskFull: {
    name: 'checkpoints find no space left',
    start: at(13, '17:00'),
    minutes: 3,
    rules: ['disk-full'],
  },
} as const satisfies Readonly<Record<string, Incident>>;

export type IncidentName = keyof typeof INCIDENTS;

export function isUnderWay(name: IncidentName, minute: number): boolean {
  const { start, minutes } = INCIDENTS[name];
  return minute >= start && minute < start + minutes;
}
