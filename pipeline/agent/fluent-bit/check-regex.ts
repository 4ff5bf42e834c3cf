/** Syntax of Onigmo, Fluent Bit's engine, that JavaScript does not have, each with a replacement that is equivalent for the check. */
const ONIGMO: readonly (readonly [RegExp, string])[] = [
  [/\\[AG]/g, '^'],
  [/\\[zZ]/g, '$'],
  [/\\h/g, '[0-9a-f]'],
  [/\\H/g, '[^0-9a-f]'],
  [/\\R/g, '\\n'],
  [/\[\[:\^?\w+:\]\]/g, '[a-z]'],
  [/\[:\^?\w+:\]/g, 'a-z'],
  [/\(\?>/g, '(?:'],
  [/\(\?[imx]+(?:-[imx]+)?:/g, '(?:'],
  [/\(\?[imx]+(?:-[imx]+)?\)/g, ''],
  [/([*+?])\+/g, '$1'],
];

/** Why a regular expression cannot be compiled; undefined where it can. */
export function regexProblem(given: string): string | undefined {
  const pattern = /^\/(.*)\/[imx]*$/.exec(given)?.[1] ?? given;
  const translated = ONIGMO.reduce((text, [from, to]) => text.replace(from, to), pattern);
  try {
    // In Onigmo several alternatives may have a group of the same name.
    const names = new Set<string>();
    new RegExp(
      translated.replace(/\(\?<([A-Za-z_]\w*)>/g, (group, name: string) => {
        if (names.has(name)) return '(?:';
        names.add(name);
        return group;
      }),
    );
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '');
    return `"${given}" is no regular expression: ${reason}`;
  }
}
