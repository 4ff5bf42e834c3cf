import type { z } from 'zod';
import type { RULE } from '../rules/rule.ts';
import {
  CUDA_OOM,
  NCCL_TIMEOUT,
  OOM_KILLED,
  SLURM_CANCELLED,
  SLURM_NODE,
  SLURM_OOM,
  SLURM_TASK,
  SXID,
  XID,
} from './failure-patterns.ts';
import { isCriticalXid, XID_CODES } from './xid-codes.ts';

/** The query for messages that match a pattern. */
const lines = (pattern: string) => `message:/${pattern.replaceAll('/', '\\/')}/`;
/** The pattern with another one of its groups as the first. */
const group = (pattern: string, wanted: number) => {
  let count = 0;
  return pattern.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)/g, (part) =>
    part === '(' && ++count !== wanted ? '(?:' : part,
  );
};

const critical = Object.keys(XID_CODES).filter((code) => isCriticalXid(Number(code)));
const xidOf = (codes: string) => XID.replace('([0-9]+)\\b', `(${codes})\\b`);
const CRITICAL_XID = xidOf(`(?:${critical.join('|')})`);

/** Rules for lines that only a failing GPU, kernel, NCCL or SLURM writes; each fires at the first line. */
export const FAILURE_RULES: readonly z.input<typeof RULE>[] = [
  {
    name: 'gpu-xid-critical',
    description: 'The driver reports a GPU or a link that must not be used as it is.',
    kind: 'count',
    query: `"nvrm: xid" ${lines(CRITICAL_XID)}`,
    extract: { gpu: group(XID, 1), xid: group(XID, 2) },
    by: ['machine_id', 'gpu', 'xid'],
    severity: 'critical',
  },
  {
    name: 'gpu-xid',
    description: 'The driver reports an error of a GPU, mostly made by the program on it.',
    kind: 'count',
    query: `"nvrm: xid" ${lines(XID)} -${lines(CRITICAL_XID)}`,
    extract: { gpu: group(XID, 1), xid: group(XID, 2) },
    by: ['machine_id', 'gpu', 'xid'],
    severity: 'warning',
  },
  {
    name: 'nvswitch-sxid',
    description: 'An NVSwitch reports an error.',
    kind: 'count',
    query: `"sxid" ${lines(SXID)}`,
    extract: { nvswitch: group(SXID, 1), sxid: group(SXID, 3) },
    by: ['machine_id', 'nvswitch', 'sxid'],
    severity: 'error',
  },
  {
    name: 'nccl-timeout',
    description: 'A collective operation of a training job did not end in time.',
    kind: 'count',
    query: `"watchdog caught collective operation timeout" level:>=warn ${lines(NCCL_TIMEOUT)}`,
    by: ['job_id'],
    // All ranks report within seconds; the alert names the one that they waited for.
    for: '5s',
    severity: 'error',
  },
  {
    name: 'cuda-out-of-memory',
    description: 'A program used up the memory of its GPU.',
    kind: 'count',
    query: `"out of memory" level:>=error ${lines(CUDA_OOM)}`,
    by: ['machine_id', 'job_id', 'rank'],
    severity: 'error',
  },
  {
    name: 'oom-killer',
    description: 'The kernel killed a program because memory was used up.',
    kind: 'count',
    query: `("killed process" OR "kill process") ${lines(OOM_KILLED)}`,
    extract: { program: group(OOM_KILLED, 2) },
    by: ['machine_id', 'program'],
    severity: 'error',
  },
  {
    name: 'slurm-out-of-memory',
    description: 'A job used more memory than it had asked for.',
    kind: 'count',
    query: `("oom-kill event" OR "oom_kill event") ${lines(SLURM_OOM)}`,
    extract: { step: group(SLURM_OOM, 1) },
    by: ['machine_id', 'job_id', 'step'],
    severity: 'error',
  },
  {
    name: 'slurm-node-failure',
    description: 'SLURM lost a node, with the jobs on it.',
    kind: 'count',
    query: `"node" ${lines(SLURM_NODE)} OR "due to node failure" ${lines(SLURM_CANCELLED)}`,
    extract: {
      node: `(?: ON | on failed node |Node failure on |Nodes? )([A-Za-z0-9_.\\[\\],-]+)`,
    },
    by: ['job_id', 'node'],
    severity: 'critical',
  },
  {
    name: 'slurm-preempted',
    description: 'A job made way for another one.',
    kind: 'count',
    query: `"due to preemption" ${lines(SLURM_CANCELLED)}`,
    extract: { node: group(SLURM_CANCELLED, 2) },
    by: ['job_id', 'node'],
    severity: 'warning',
  },
  {
    name: 'slurm-time-limit',
    description: 'A job reached its time limit.',
    kind: 'count',
    query: `"due to time limit" ${lines(SLURM_CANCELLED)}`,
    extract: { node: group(SLURM_CANCELLED, 2) },
    by: ['job_id', 'node'],
    severity: 'info',
  },
  {
    name: 'slurm-task-failed',
    description: 'Tasks of a job ended with an error.',
    kind: 'count',
    query: `"srun: error" ${lines(SLURM_TASK)}`,
    extract: { node: group(SLURM_TASK, 1), ranks: group(SLURM_TASK, 2) },
    by: ['job_id', 'node', 'ranks'],
    severity: 'error',
  },
];
