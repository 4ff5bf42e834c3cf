const MAX_LENGTH = 500_000;

/** JSON with line breaks; of a text that ends in a JSON object, with that part broken; undefined where there is none. */
export function prettyJson(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const start = text.search(/[{[]/);
  if (start < 0 || !/[}\]]\s*$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start));
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return undefined;
    const head = text.slice(0, start).trimEnd();
    return `${head}${head === '' ? '' : '\n'}${indent(text.slice(start))}`;
  } catch {
    return undefined;
  }
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g;

/** Numbers stay as they are written: JavaScript's have not all the digits that 64 bits hold. */
function indent(json: string): string {
  let depth = 0;
  const newLine = () => `\n${'  '.repeat(depth)}`;
  return json.replace(TOKENS, (token) => {
    const first = token[0]!;
    if (first === '"') return JSON.stringify(JSON.parse(token));
    if (first === ':') return ': ';
    if (first === ',') return `,${newLine()}`;
    if (first === '{' || first === '[') {
      if (token.length > 1) return `${first}${token.at(-1)}`;
      depth++;
      return `${first}${newLine()}`;
    }
    if (first !== '}' && first !== ']') return '';
    depth--;
    return `${newLine()}${first}`;
  });
}
