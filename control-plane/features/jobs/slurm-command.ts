/** Fields of `sacct` that are asked for where its version has them; the first ones every version has. */
const SACCT_FIELDS =
  'JobIDRaw Cluster JobName User Account Partition QOS State ExitCode DerivedExitCode Submit Start End TimelimitRaw ' +
  'NodeList Reason ReqTRES AllocTRES Comment WorkDir StdOut StdErr SubmitLine';
/** Format letters of `squeue` by field. */
const SQUEUE_FIELDS: Readonly<Record<string, string>> = {
  JobID: '%i',
  JobIDRaw: '%A',
  JobName: '%j',
  User: '%u',
  Account: '%a',
  Partition: '%P',
  QOS: '%q',
  State: '%T',
  Reason: '%r',
  Submit: '%V',
  Start: '%S',
  End: '%e',
  NodeList: '%N',
  ReqTRES: '%b',
  WorkDir: '%Z',
};

/** Exit code where there is no SLURM. */
export const NO_SLURM = 127;
/** Stands between the fields of a line. Names and submit lines may hold any printable character. */
export const SEPARATOR = '\x1f';

/**
 * A shell script that prints what SLURM knows: the accounts of jobs that were under way in the last minutes, and the queue, which alone says
 * why a job waits. Each part begins with a line `@sacct FIELDS` or `@squeue FIELDS` and ends with `@end STATUS`. It is a constant but for a
 * number, because a remote login shell runs it.
 */
export function slurmCommand(minutes: number): string {
  const queue = Object.entries(SQUEUE_FIELDS);
  return [
    'export SLURM_TIME_FORMAT=standard SLURM_BITSTR_LEN=0 TZ=UTC LC_ALL=C.UTF-8',
    `command -v sacct >/dev/null 2>&1 || command -v squeue >/dev/null 2>&1 || exit ${NO_SLURM}`,
    "d=$(printf '\\037')",
    'if command -v sacct >/dev/null 2>&1; then',
    '  known=" $(sacct --helpformat 2>/dev/null | tr -s " \\n" "  ") "',
    '  fields=JobID',
    `  for field in ${SACCT_FIELDS}; do case "$known" in *" $field "*) fields=$fields,$field;; esac; done`,
    '  echo "@sacct $fields"',
    `  sacct --allusers --allocations --duplicates --noheader --parsable2 --delimiter="$d" --starttime=now-${Math.ceil(minutes)}minutes --format="$fields" 2>&1`,
    '  echo "@end $?"',
    'fi',
    'if command -v squeue >/dev/null 2>&1; then',
    `  echo "@squeue ${queue.map(([name]) => name).join(',')}"`,
    `  squeue --all --noheader --states=all --format="${queue.map(([, letter]) => letter).join('$d')}" 2>&1`,
    '  echo "@end $?"',
    'fi',
  ].join('\n');
}
