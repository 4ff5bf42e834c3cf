import { runProgram } from '../../../pipeline/runtime/run-program.ts';
import { type SshLogin, sshOptions } from '../../ssh/ssh-login.ts';
import { type JobRun, parseAccounting, SACCT_FORMAT, SQUEUE_FORMAT } from './parse-accounting.ts';

const TIMEOUT_MS = 60_000;
/** Jobs that ended longer ago are known already, or were never seen. */
const DAYS_BACK = 7;

/** Constant text: a login shell reads it at the far end, and nothing from outside may stand in it. */
const SACCT = `sacct --parsable2 --noheader --duplicates --starttime=now-${DAYS_BACK}days --format=${SACCT_FORMAT}`;
/** Where SLURM keeps no accounts; a finished job leaves the queue after some minutes. */
const SQUEUE = `squeue --noheader --states=all --format='${SQUEUE_FORMAT}'`;
/** Neither of them is there. */
const NO_SLURM = 127;
const COMMAND =
  `if command -v sacct >/dev/null 2>&1 && TZ=UTC ${SACCT}; then :; ` +
  `elif command -v squeue >/dev/null 2>&1; then TZ=UTC ${SQUEUE}; else exit ${NO_SLURM}; fi`;

/**
 * What SLURM says of the jobs of the last days, asked where the logs come from; undefined where there is no SLURM.
 * @throws Error where it does not answer
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
