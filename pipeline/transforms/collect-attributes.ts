import { visitRawMembers } from '../record/raw-json.ts';

/**
 * JSON text of an object: those members of `text` (the JSON text of an object) that `names` lists, under the name given there, their
 * values as they stand in the text. Of a repeated key the last value counts, as for JSON.parse.
 * `extra` is added behind them, members ready as text.
 */
export function collectAttributes(text: string, names: ReadonlyMap<string, string>, extra: string): string {
  let members = '';
  let count = 0;
  if (names.size > 0) {
    visitRawMembers(text, (key, value) => {
      const name = names.get(key);
      if (name === undefined) return;
      members += `${count++ === 0 ? '' : ','}${JSON.stringify(name)}:${value}`;
    });
    if (count > names.size) members = withoutRepeats(text, names);
  }
  return `{${members}${members !== '' && extra !== '' ? ',' : ''}${extra}}`;
}

function withoutRepeats(text: string, names: ReadonlyMap<string, string>): string {
  const last = new Map<string, string>();
  visitRawMembers(text, (key, value) => {
    const name = names.get(key);
    if (name !== undefined) last.set(name, value);
  });
  return Array.from(last, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
}
