import {
  CUDA_OOM,
  NCCL_DESYNC,
  NCCL_MISSING,
  NCCL_TIMEOUT,
  OOM_KILLED,
  SLURM_CANCELLED,
  SLURM_OOM,
  SLURM_TASK,
  SXID,
  XID,
} from './failure-patterns.ts';
import { SXID_CODES, XID_CODES } from './xid-codes.ts';

/** The facts in failure lines, by name, as texts for people. */
export type Failure = Readonly<Record<string, string>>;

interface Explainer {
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray) => Failure;
}

/** A cause comes before its consequences, because one message can have both. */
const EXPLAINERS: readonly Explainer[] = [
  {
    pattern: new RegExp(XID),
    explain: ([, gpu, code]) => ({
      gpu: gpu!,
      xid: code!,
      meaning: XID_CODES[Number(code)]?.meaning ?? 'a driver error that the catalogue here does not hold',
      action: XID_CODES[Number(code)]?.action ?? 'see the Xid catalogue of NVIDIA',
    }),
  },
  {
    pattern: new RegExp(SXID),
    explain: ([, nvswitch, address, code, severity]) => ({
      nvswitch: nvswitch!,
      address: address!,
      sxid: code!,
      meaning: SXID_CODES[Number(code)] ?? 'an NVSwitch error that the catalogue here does not hold',
      action:
        severity === 'Fatal'
          ? 'jobs over this switch fail: drain the node and reset GPUs and switches'
          : 'watch the link; reset it if this goes on',
    }),
  },
  {
    pattern: new RegExp(OOM_KILLED),
    explain: ([, pid, program]) => ({
      program: program!,
      pid: pid!,
      meaning: 'the kernel killed it because memory was used up',
    }),
  },
  {
    pattern: new RegExp(SLURM_OOM),
    explain: ([, step]) => ({ step: step!, meaning: 'the job used more memory than it had asked for' }),
  },
  {
    pattern: new RegExp(CUDA_OOM),
    explain: ([, asked]) => ({
      meaning: 'the GPU memory is used up',
      ...(asked !== undefined && { asked_for: asked }),
    }),
  },
  {
    pattern: new RegExp(SLURM_CANCELLED),
    explain: ([, job, node, reason]) => ({ job: job!, node: node!, reason: reason!.toLowerCase() }),
  },
  {
    pattern: new RegExp(SLURM_TASK),
    explain: ([, node, tasks, end]) => ({ node: node!, ranks: tasks!, ended: end! }),
  },
];

const TIMEOUT = new RegExp(NCCL_TIMEOUT);
const LAGGING = [new RegExp(NCCL_DESYNC), new RegExp(NCCL_MISSING)];

/** The known failure in the lines of an alert; undefined where they have none. */
export function explainFailure(messages: readonly string[]): Failure | undefined {
  const collective = explainCollective(messages);
  if (collective) return collective;
  for (const message of messages) {
    for (const { pattern, explain } of EXPLAINERS) {
      const match = pattern.exec(message);
      if (match) return explain(match);
    }
  }
  return undefined;
}

/**
 * Finds the rank that the others waited for: the one that PyTorch's own report names, else the one that is stuck in an earlier
 * collective than the rest. Where all wait in the same collective, it is a rank without a report.
 */
function explainCollective(messages: readonly string[]): Failure | undefined {
  const waiting = new Map<string, number>();
  let operation = '';
  let reported: string | undefined;
  for (const message of messages) {
    const [, rank, sequence, kind] = TIMEOUT.exec(message) ?? [];
    if (rank !== undefined) {
      waiting.set(rank, Math.min(waiting.get(rank) ?? Number.POSITIVE_INFINITY, Number(sequence)));
      operation = kind!;
    }
    for (const pattern of LAGGING) reported ??= pattern.exec(message)?.[1];
  }
  if (waiting.size === 0) return undefined;
  const ranks = [...waiting.keys()].sort((a, b) => Number(a) - Number(b));
  const first = Math.min(...waiting.values());
  const behind = ranks.filter((rank) => waiting.get(rank) === first);
  const lagging = reported ?? (behind.length < ranks.length ? behind.join(', ') : undefined);
  const missing = gapsIn(ranks.map(Number));
  return {
    meaning: 'a collective operation did not end in time: at least one rank did not take part',
    operation,
    ranks: ranks.join(', '),
    ...(lagging !== undefined && { lagging_rank: lagging }),
    ...(lagging === undefined && missing.length > 0 && { silent_ranks: missing.join(', ') }),
  };
}

/** The missing ranks below the highest one. */
function gapsIn(ranks: readonly number[]): number[] {
  const highest = Math.min(Math.max(...ranks), 4096);
  const gaps: number[] = [];
  for (let rank = 0; rank < highest; rank++) if (!ranks.includes(rank)) gaps.push(rank);
  return gaps.length > 16 ? [] : gaps;
}
