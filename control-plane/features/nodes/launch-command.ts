import { badRequest } from '../../../pipeline/runtime/errors.ts';

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const MAX_VALUE_CHARACTERS = 1_000;

/**
 * Fills the arguments of a launch command: `{name}` becomes the launch's field of that name. There is no shell; a value becomes a
 * part of one argument, whatever is in it, and may not turn an argument into an option.
 * @throws LogplaneError `bad_request` where a field is missing or invalid
 */
export function fillCommand(
  template: readonly string[],
  fields: Readonly<Record<string, unknown>>,
): string[] {
  return template.map((argument) => {
    const filled = argument.replace(PLACEHOLDER, (_, name: string) => fieldText(fields, name));
    if (filled.startsWith('-') && !argument.startsWith('-')) {
      throw badRequest(
        `${argument.slice(1, -1)}: expected a value that does not begin with "-", got "${filled}"`,
      );
    }
    return filled;
  });
}

function fieldText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > MAX_VALUE_CHARACTERS || text.includes('\0')) {
    const got = value === undefined ? 'none' : JSON.stringify(value).slice(0, 100);
    throw badRequest(
      `${name}: the launch command needs a text of 1 to ${MAX_VALUE_CHARACTERS} characters, got ${got}`,
    );
  }
  return text;
}
