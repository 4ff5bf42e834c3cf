import { runProgram } from '../../../pipeline/runtime/run-program.ts';
import { type SshLogin, sshOptions } from '../../ssh/ssh-login.ts';
import { type JobRun, parseAccounting, SACCT_FORMAT, SQUEUE_FORMAT } from './parse-accounting.ts';

const TIMEOUT_MS = 60_000;
/** Days of accounting that are read; jobs that ended before are known already, or have no records. */
const DAYS_BACK = 7;

/** A constant text, because a remote login shell runs it: nothing from outside may be part of it. */
const SACCT = `sacct --parsable2 --noheader --duplicates --starttime=now-${DAYS_BACK}days --format=${SACCT_FORMAT}`;
/** Used where SLURM keeps no accounts; a finished job leaves the queue after some minutes. */
const SQUEUE = `squeue --noheader --states=all --format='${SQUEUE_FORMAT}'`;
/** Exit code where neither program exists. */
const NO_SLURM = 127;
const COMMAND =
  `if command -v sacct >/dev/null 2>&1 && TZ=UTC ${SACCT}; then :; ` +
  `elif command -v squeue >/dev/null 2>&1; then TZ=UTC ${SQUEUE}; else exit ${NO_SLURM}; fi`;

/**
 * Reads SLURM's accounts of the last days' jobs on the host of the logs; undefined where there is no SLURM.
 * @throws Error where SLURM does not answer
 */
export async function fetchAccounting(
  { ssh }: { readonly ssh?: SshLogin | undefined },
  signal: AbortSignal,
): Promise<readonly JobRun[] | undefined> {
  const [program, args] = ssh
    ? ['ssh', [...sshOptions(ssh), '--', ssh.host, `exec sh -c "${COMMAND.replaceAll('$', '\\$')}"`]]
    : ['sh', ['-c', COMMAND]];
  const lines: string[] = [];
  const end = await runProgram(program as string, args as string[], {
    onLine: (line) => lines.push(line),
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (end.code === NO_SLURM) return undefined;
  if (end.code !== 0) throw new Error(end.stderr.split('\n').at(-1) || `ended with exit code ${end.code}`);
  return parseAccounting(lines.join('\n'));
}
