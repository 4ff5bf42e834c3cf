import { runProgram } from '../../../pipeline/runtime/run-program.ts';
import { type SshLogin, sshOptions } from '../../ssh/ssh-login.ts';
import { parseSlurm, type SlurmReport } from './parse-slurm.ts';
import { NO_SLURM, slurmCommand } from './slurm-command.ts';

const TIMEOUT_MS = 60_000;
/** Exit code of ssh for failures of its own. */
const SSH_FAILED = 255;
const NO_REPORT: SlurmReport = { runs: [], problems: [] };

/**
 * Reads from SLURM what it knows of the jobs of the last minutes, on the host of the logs; nothing where there is no SLURM, undefined where
 * the host cannot be reached.
 * @throws Error where the host does not answer
 */
export async function fetchSlurm(
  { ssh }: { readonly ssh?: SshLogin | undefined },
  minutes: number,
  signal: AbortSignal,
): Promise<SlurmReport | undefined> {
  const command = slurmCommand(minutes);
  const [program, args] = ssh
    ? ['ssh', [...sshOptions(ssh), '--', ssh.host, `exec sh -c "${command.replace(/["\\$`]/g, '\\$&')}"`]]
    : ['sh', ['-c', command]];
  const lines: string[] = [];
  const end = await runProgram(program as string, args as string[], {
    onLine: (line) => lines.push(line),
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (end.code === NO_SLURM) return NO_REPORT;
  // The sync of this host says why it cannot be reached.
  if (ssh && end.code === SSH_FAILED) return undefined;
  if (end.code !== 0) throw new Error(end.stderr.split('\n').at(-1) || `ended with exit code ${end.code}`);
  return parseSlurm(lines.join('\n'));
}
