import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { STATUS } from '../../control-plane/http/error-response.ts';
import { type ApiDocument, operationsOf } from '../api-document.ts';
import { serve } from './serve.ts';

const server = await serve(t);
const document = await server.get<ApiDocument>('/openapi.json');
const operations = operationsOf(document);

t.test('the document is valid OpenAPI 3.1', async (t) => {
  t.match(document.openapi, /^3\.1\./);
  t.same(await new Validator().validate(structuredClone({ ...document })), { valid: true });
});

t.test('every address tells what it does, takes and answers', async (t) => {
  t.ok(operations.length > 30, `${operations.length} operations`);
  t.equal(
    new Set(operations.map(({ operationId }) => operationId)).size,
    operations.length,
    'ids are unique',
  );
  for (const { title, summary, tags, responses, parameters } of operations) {
    t.match(summary, /^[A-Z].{9,}/, title);
    t.equal(tags.length, 1, title);
    const [good] = Object.entries(responses).filter(([status]) => Number(status) < 300);
    t.ok(Object.keys(good?.[1].content ?? {}).length > 0, `${title} says what it answers`);
    for (const { name, in: place, description } of parameters) {
      t.ok(place === 'path' || description, `${title} describes ${name}`);
    }
  }
});

t.test('errors are described with the one form that they have', async (t) => {
  const statuses = new Set(Object.values(STATUS).map(String));
  for (const { title, responses } of operations) {
    for (const [status, { content }] of Object.entries(responses)) {
      if (!statuses.has(status) || status === '503') continue;
      t.same(
        content['application/json']?.schema,
        { $ref: '#/components/schemas/Error' },
        `${title} ${status}`,
      );
    }
  }
  t.ok(document.components.schemas.Error);
});

t.test('what is refused is what the document does not allow', async (t) => {
  const search = operations.find(({ title }) => title === 'GET /api/v1/logs/search')!;
  const limit = search.parameters.find(({ name }) => name === 'limit')!;
  t.same(limit.schema, { type: 'integer', minimum: 1, maximum: 1000, default: 100 });
  for (const [given, status] of [
    [limit.schema.minimum, 200],
    [limit.schema.maximum, 200],
    [Number(limit.schema.minimum) - 1, 400],
    [Number(limit.schema.maximum) + 1, 400],
  ]) {
    t.equal(
      (await fetch(`${server.url}/api/v1/logs/search?limit=${given}`)).status,
      status,
      `limit=${given}`,
    );
  }
});
