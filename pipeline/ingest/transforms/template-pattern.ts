/** The inside of a JSON string, and what else a value may be that holds no others. Neither can take more than linear time. */
const STRING = String.raw`[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*`;
const WORD = String.raw`(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)`;
const MEMBER = new RegExp(String.raw`[{,]"([A-Za-z_@][\w.@-]*)":(?:"${STRING}"|${WORD}(?=[,}]))`, 'gy');
const QUOTE = 34;

/** A member of a JSON object that holds no other objects and no lists. */
export interface PlainMember {
  readonly name: string;
  readonly isString: boolean;
}

/** The members of the JSON text of an object, written without blanks; undefined where it is not plain, or not JSON at all. */
export function plainMembers(text: string): PlainMember[] | undefined {
  const members: PlainMember[] = [];
  let end = 0;
  for (const { 0: member, 1: name = '' } of text.matchAll(MEMBER)) {
    // Opening, two quotes and a colon stand before the value.
    members.push({ name, isString: member.charCodeAt(name.length + 4) === QUOTE });
    end += member.length;
  }
  const isWhole = text.startsWith('{') && text.slice(end) === '}';
  return isWhole && new Set(members.map(({ name }) => name)).size === members.length ? members : undefined;
}

/** Members that stand next to each other, with the place of their text in what the pattern captures. */
export interface MemberRun<Use> {
  readonly use: Use;
  readonly capture: number;
}

export interface TemplatePattern<Use> {
  readonly pattern: RegExp;
  /** In the order of the text. */
  readonly runs: readonly MemberRun<Use>[];
  /** Places of the values, strings without their quotes, of the members that were asked for. */
  readonly captures: ReadonlyMap<string, number>;
}

/**
 * A pattern for texts with these members.
 * @param useOf members of the same use become one run where they stand next to each other; undefined for those in no run
 * @param isRead whether a member's value is captured by itself
 */
export function patternOf<Use>(
  members: readonly PlainMember[],
  useOf: (member: PlainMember) => Use | undefined,
  isRead: (member: PlainMember) => boolean,
): TemplatePattern<Use> {
  const runs: MemberRun<Use>[] = [];
  const captures = new Map<string, number>();
  let count = 0;
  let source = '';
  let open: Use | undefined;
  for (const [index, member] of members.entries()) {
    const use = useOf(member);
    const begins = use !== open;
    if (begins && open !== undefined) source += ')';
    if (index > 0) source += ',';
    if (begins && use !== undefined) {
      source += '(';
      runs.push({ use, capture: ++count });
    }
    open = use;
    const value = member.isString ? STRING : WORD;
    if (isRead(member)) captures.set(member.name, ++count);
    const captured = isRead(member) ? `(${value})` : value;
    source += `"${member.name.replaceAll('.', '\\.')}":${member.isString ? `"${captured}"` : captured}`;
  }
  return { pattern: new RegExp(`^\\{${source}${open === undefined ? '' : ')'}\\}$`), runs, captures };
}
