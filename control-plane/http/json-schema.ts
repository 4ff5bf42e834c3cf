import { z } from 'zod';

/** A JSON Schema, draft 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Schemas with a name of their own (`id`), which a document holds once and refers to. */
export type NamedSchemas = Record<string, JsonSchema>;

/**
 * The JSON Schema of what a schema takes (`input`) or gives (`output`). The parts of it that have a name are put into
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
  return { $ref: `#/components/schemas/${id}` };
}

function referToComponents(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
