/**
 * Lines of failing GPUs, kernels, NCCL and SLURM, as regular expressions that RE2 and JavaScript read alike. Each is anchored where the
 * program itself writes it, at the head of a line behind its own timestamp, so that a chat, a ticket or a prompt that quotes the
 * words does not match.
 */

/** `Oct  1 13:00:00 host kernel: [12.3] `, with an ISO or epoch time, with the host or the time alone, or as dmesg has it. */
const KERNEL =
  '^(?:<[0-9]{1,3}>)?(?:(?:(?:[A-Z][a-z]{2}|[0-9]{1,2}\\S{1,3}) +[0-9]{1,2} [0-9:.]{8,15} |[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,+Z-]{8,24} |[0-9]{9,10}[.][0-9]+ )?(?:[A-Za-z0-9_.-]{1,64} )?kernel: )?(?:\\[[A-Za-z0-9:. ]{1,40}\\] ?)?';

/** 1: PCI address, 2: code. */
export const XID = `${KERNEL}NVRM: Xid \\(PCI:([0-9a-fA-F:.]+)\\): ([0-9]+)\\b`;

/** 1: NVSwitch, 2: PCI address, 3: code, 4: severity. */
export const SXID = `${KERNEL}(nvidia-nvswitch[0-9]+): SXid \\(PCI:([0-9a-fA-F:.]+)\\): ([0-9]+), (Fatal|Non-fatal)\\b`;

/** 1: process id, 2: program. */
export const OOM_KILLED = `${KERNEL}(?:Memory cgroup out|Out) of memory: Kill(?:ed)? process ([0-9]+) \\(([^)\\n]{1,64})\\)`;

/** SLURM's daemon; its words may be appended to the current line. */
const SLURMSTEPD = `(?:^|\\n|[^\\s"'\`(\\[])slurmstepd(?:-[A-Za-z0-9_.-]+)?: error: `;
const SLURMCTLD = '^(?:\\[[0-9T:.-]{19,30}\\] )?(?:slurmctld: )?(?:error: )?';

/** Of a job whose memory limit was reached. 1: step. */
export const SLURM_OOM = `${SLURMSTEPD}Detected [0-9]+ oom[-_]kill event(?:\\(s\\)|s)? in (?:StepId=|step )([0-9a-z_]+(?:[.][0-9a-z_]+)?)`;

/** 1: job or step, 2: node, 3: reason. */
export const SLURM_CANCELLED = `${SLURMSTEPD}\\*\\*\\* (?:JOB|STEP) ([0-9.a-z_+]+) ON (\\S+) CANCELLED AT [0-9T:-]{19} DUE TO ([A-Z][A-Z ]+[A-Z])(?:, SEE SLURMCTLD LOG FOR DETAILS)? \\*\\*\\*\\s*(?:\\n|$)`;

/** 1 or 2: nodes. */
export const SLURM_NODE = `(?:^srun: error: Node failure on (\\S+)\\s*$|${SLURMCTLD}(?:Nodes? (\\S+) not responding, setting DOWN|Killing (?:JobId=|job )[0-9]+ on failed node \\S+))`;

/** 1: node, 2: tasks, 3: how they ended. */
export const SLURM_TASK =
  '(?:^|\\n)srun: error: ([A-Za-z0-9_.-]+): tasks? ([0-9,-]+): (Killed|Terminated|Aborted[^\\n]*|Segmentation fault[^\\n]*|Bus error[^\\n]*|Out Of Memory|Exited with exit code [0-9]+)';

/** The longest prefix of an exception: `(EngineCore pid=7) ERROR 11-28 15:27:15 [core.py:700] `, `[rank3]: `. */
const LOGGER =
  '(?:\\([^()\\n]{1,60}\\) )?(?:(?:WARNING|WARN|ERROR|CRITICAL|FATAL) )?(?:[0-9][0-9:.,TZ/+ -]{4,40})?(?:(?:WARNING|WARN|ERROR|CRITICAL|FATAL) )?(?:\\[[^\\]\\n]{1,80}\\]:? ?)*';

/**
 * At the head of the message, or at the head of a line that ends a traceback in the message.
 * 1: how much memory was requested.
 */
export const CUDA_OOM = `(?:^|(?:^|\\n)${LOGGER}Traceback \\(most recent call last\\):(?:.|\\n)*\\n)${LOGGER}(?:RuntimeError: |torch[.](?:cuda[.])?OutOfMemoryError: )(?:CUDA error: out of memory|CUDA out of memory[.] Tried to allocate ([0-9.]+ [KMGT]iB))`;

/** 1: rank, 2: number of the collective, 3: operation. */
export const NCCL_TIMEOUT = `(?:^|\\n)(?:\\[rank[0-9]+\\]: ?)?(?:\\[[EW][0-9]{3,8} [^\\]\\n]{1,80}\\] )?\\[(?:PG [^\\]\\n]{1,60} )?Rank ([0-9]+)\\] Watchdog caught collective operation timeout: Work(?:NCCL|Xccl)\\(SeqNum=([0-9]+), OpType=([A-Z_0-9]+)`;

/** The line of TORCH_NCCL_DESYNC_DEBUG. 1: ranks that joined and did not finish. */
export const NCCL_DESYNC = `the lagging/dead/mismatched ranks that caused the desync are:\\s+- \\[([0-9, ]+)\\] joined but didn't finish collective`;

/** 1: ranks that never came. */
export const NCCL_MISSING =
  'To our best knowledge, ranks \\[([0-9, ]+)\\] are the lagging ranks that caused this timeout';
