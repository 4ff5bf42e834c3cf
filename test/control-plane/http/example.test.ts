import t from 'tap';
import { z } from 'zod';
import { exampleOf } from '../../../control-plane/http/example.ts';
import { type NamedSchemas, toJsonSchema } from '../../../control-plane/http/json-schema.ts';

function exampleOfZod(schema: z.ZodType) {
  const named: NamedSchemas = {};
  return exampleOf(toJsonSchema(schema, 'output', named), named);
}

const name = z.string().meta({ examples: ['vllm'] });

t.test('an example is put together from those of the parts', async (t) => {
  const cases: [behaviour: string, schema: z.ZodType, example: unknown][] = [
    ['its own example wins', z.object({ name }).meta({ examples: [{ name: 'slurm' }] }), { name: 'slurm' }],
    ['members of an object', z.object({ name, on: z.boolean() }), { name: 'vllm', on: true }],
    [
      'optional members without an example are left out',
      z.object({ name, id: z.string().optional() }),
      { name: 'vllm' },
    ],
    ['an array has one item', z.array(name), ['vllm']],
    ['a default', z.int().default(5), 5],
    ['the first of several values', z.enum(['asc', 'desc']), 'asc'],
    ['a literal', z.literal('ok'), 'ok'],
    [
      'null may be an example',
      z
        .string()
        .nullable()
        .meta({ examples: [null] }),
      null,
    ],
    ['the first choice with an example', z.union([z.string(), name]), 'vllm'],
    [
      'a named schema',
      z.object({ record: z.object({ name }).meta({ id: 'ExampleTest' }) }),
      { record: { name: 'vllm' } },
    ],
    ['no example of a part, none of the whole', z.object({ name, id: z.string() }), undefined],
    ['an object without members has none', z.object({}), undefined],
  ];
  for (const [behaviour, schema, example] of cases) t.same(exampleOfZod(schema), example, behaviour);
});
