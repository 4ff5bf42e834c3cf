const SACCT = 'JobID,JobName,User,Partition,State,ExitCode,Submit,Start,End,NodeList';
const SQUEUE =
  'JobID,JobIDRaw,JobName,User,Account,Partition,QOS,State,Reason,Submit,Start,End,NodeList,ReqTRES,WorkDir';

/** Rows as `sacct.txt` and `squeue.txt` hold them: ten fields with bars between, of which the name may hold some of its own. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split('|');
      while (fields.length > 10) fields.splice(1, 2, `${fields[1]}|${fields[2]}`);
      return fields;
    });
}

function sacctLines(text: string): string {
  return rows(text)
    .map((fields) => fields.join('\x1f'))
    .join('\n');
}

function squeueLines(text: string): string {
  return rows(text)
    .map(([id, name, user, partition, state, , submit, start, end, nodes]) =>
      [
        id,
        id!.split('_')[0],
        name,
        user,
        'physics',
        partition,
        'normal',
        state,
        'None',
        submit,
        start,
        end,
        nodes,
        'N/A',
        '/home',
      ].join('\x1f'),
    )
    .join('\n');
}

/** What the server's script prints where these are the accounts and the queue. */
export function slurmOutput(text: string, program: 'sacct' | 'squeue' = 'sacct'): string {
  const [fields, lines] = program === 'sacct' ? [SACCT, sacctLines(text)] : [SQUEUE, squeueLines(text)];
  return `@${program} ${fields}\n${lines}\n@end 0\n`;
}

/** A `sacct` that has these accounts and knows few fields, as an old one. It takes the zone and the separator that the real one needs. */
export function sacctStub(text: string): string {
  return `#!/bin/sh
[ "$TZ" = UTC ] && [ "$SLURM_TIME_FORMAT" = standard ] || exit 2
case "$*" in --helpformat) echo '${SACCT.replaceAll(',', '  ')}'; exit;; esac
case "$*" in *--allusers*--allocations*--duplicates*--format=${SACCT}) ;; *) echo "sacct: error: $*" >&2; exit 1;; esac
cat <<'END'
${sacctLines(text)}
END
`;
}

export function squeueStub(text: string): string {
  return `#!/bin/sh
[ "$TZ" = UTC ] || exit 2
cat <<'END'
${squeueLines(text)}
END
`;
}
