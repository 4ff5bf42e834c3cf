/**
 * The inside of a JSON string, and every other value that holds no values. Both match in linear time. Halves of surrogate pairs and numbers
 * that may be beyond a double are left out: the slow path writes them in another form.
 */
const ESCAPED = String.raw`["\\/bfnrt]|u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})`;
const STRING = String.raw`[^"\\\x00-\x1f]*(?:\\(?:${ESCAPED})[^"\\\x00-\x1f]*)*`;
const WORD = String.raw`(?:-?(?:0|[1-9]\d{0,99})(?:\.\d+)?(?:[eE][+-]?\d{1,2})?|true|false|null)`;
const MEMBER = new RegExp(String.raw`[{,]"([A-Za-z_@][\w.@-]*)":(?:"${STRING}"|${WORD}(?=[,}]))`, 'gy');
const QUOTE = 34;

/** A member of a JSON object that holds no other objects and no lists. */
export interface PlainMember {
  readonly name: string;
  readonly isString: boolean;
}

/** The members of an object's JSON text without blanks; undefined where the object holds objects or lists, or the text is no JSON. */
export function plainMembers(text: string): PlainMember[] | undefined {
  const members: PlainMember[] = [];
  let end = 0;
  for (const { 0: member, 1: name = '' } of text.matchAll(MEMBER)) {
    // A brace or comma, two quotes and a colon come before the value.
    members.push({ name, isString: member.charCodeAt(name.length + 4) === QUOTE });
    end += member.length;
  }
  const isWhole = text.startsWith('{') && text.slice(end) === '}';
  return isWhole && new Set(members.map(({ name }) => name)).size === members.length ? members : undefined;
}

/** Adjacent members of the same use, with the number of the group that captures their text. */
export interface MemberRun<Use> {
  readonly use: Use;
  readonly capture: number;
}

export interface TemplatePattern<Use> {
  readonly pattern: RegExp;
  /** In the order of the text. */
  readonly runs: readonly MemberRun<Use>[];
  /** Numbers of the groups that capture single values, by the names of the members; strings come without their quotes. */
  readonly captures: ReadonlyMap<string, number>;
}

/**
 * A pattern for texts with these members in this order.
 * @param useOf adjacent members of the same use become one run; undefined for members in no run
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
