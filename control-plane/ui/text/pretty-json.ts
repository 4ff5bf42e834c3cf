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
    return `${head}${head === '' ? '' : '\n'}${JSON.stringify(value, null, 2)}`;
  } catch {
    return undefined;
  }
}
