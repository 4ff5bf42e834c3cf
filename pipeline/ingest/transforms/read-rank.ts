/**
 * How launchers and frameworks put a process's rank at the head of its lines: `[rank0]:`, `[rank: 0]`, `[Rank 3]`,
 * `[default2]:` (torchrun), `3: ` (srun --label), `(VllmWorker rank=1 pid=7)`, `rank3:`. In the syntax that
 * JavaScript and ClickHouse's RE2 share, so that both read the same.
 */
export const RANK_PATTERN =
  '^(?:\\[(?:[Rr]ank|default)[ :=]{0,2}([0-9]{1,6})\\]|\\([A-Za-z]+ rank=([0-9]{1,6}) pid=|[Rr]ank[ =]?([0-9]{1,6}):|([0-9]{1,6}): )';

const RANK = new RegExp(RANK_PATTERN);

/** The rank that a line's head names; '' where it names none. */
export function rankFromText(line: string): string {
  const first = line.charCodeAt(0);
  // `(`, `[`, a digit, `R` or `r`: most lines begin with a time or a word and are done here.
  if (first !== 40 && first !== 91 && first !== 82 && first !== 114 && !(first >= 48 && first <= 57))
    return '';
  const match = RANK.exec(line);
  return match ? (match[1] ?? match[2] ?? match[3] ?? match[4]!) : '';
}
