import { z } from 'zod';

/** A JSON Schema, draft 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Schemas with a name of their own (`id`), which a document holds once and refers to. */
export type NamedSchemas = Record<string, JsonSchema>;

const COMPONENTS = '#/components/schemas/';

/**
 * The JSON Schema of what a zod schema reads (`input`) or returns (`output`). The parts of it that have a name are put into
 * `named`.
 */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', named: NamedSchemas): JsonSchema {
  const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  for (const [name, { id: _, ...definition }] of Object.entries($defs)) {
    named[name] = referToComponents(definition);
  }
  const { id, ...definition } = referToComponents(own);
  if (id === undefined) return definition;
  named[id] = definition;
  return { $ref: `${COMPONENTS}${id}` };
}

/** The schema that a reference points to; undefined where a schema is no reference. */
export function namedSchema({ $ref }: JsonSchema, named: NamedSchemas): JsonSchema | undefined {
  return $ref === undefined ? undefined : named[$ref.slice(COMPONENTS.length)];
}

function referToComponents(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${COMPONENTS}`));
}
