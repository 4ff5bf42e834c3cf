import { type JsonSchema, type NamedSchemas, namedSchema } from './json-schema.ts';

/**
 * An example of what a schema describes: its own, else one put together from those of its parts. An optional member without an
 * example is left out. Undefined where a required part has none.
 */
export function exampleOf(schema: JsonSchema, named: NamedSchemas): unknown {
  const referred = namedSchema(schema, named);
  if (referred) return exampleOf(referred, named);
  const given = [...(schema.examples ?? []), schema.const, schema.default, ...(schema.enum ?? [])];
  const [own] = given.filter((example) => example !== undefined);
  if (own !== undefined) return own;
  for (const choice of schema.anyOf ?? schema.oneOf ?? []) {
    const example = exampleOf(choice as JsonSchema, named);
    if (example !== undefined) return example;
  }
  if (schema.type === 'array') return exampleOfArray(schema, named);
  if (schema.type === 'boolean') return true;
  return schema.type === 'object' ? exampleOfObject(schema, named) : undefined;
}

function exampleOfArray({ items }: JsonSchema, named: NamedSchemas): unknown[] | undefined {
  const item = exampleOf(items as JsonSchema, named);
  return item === undefined ? undefined : [item];
}

function exampleOfObject({ properties = {}, required = [] }: JsonSchema, named: NamedSchemas) {
  const members = Object.entries(properties)
    .map(([name, member]) => [name, exampleOf(member as JsonSchema, named)] as const)
    .filter(([, example]) => example !== undefined);
  const example = Object.fromEntries(members);
  const isWhole = members.length > 0 && required.every((name) => Object.hasOwn(example, name));
  return isWhole ? example : undefined;
}
