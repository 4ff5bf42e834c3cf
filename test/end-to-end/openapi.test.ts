import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import t from 'tap';
import { STATUS } from '../../control-plane/http/error-response.ts';
import { type ApiDocument, operationsOf, type Schema } from '../api-document.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { serve } from './serve.ts';

const server = await serve(t, { ARCHIVE_DIR: temporaryFolder() });
const document = await server.get<ApiDocument>('/openapi.json');
const operations = operationsOf(document);

t.test('the document is valid OpenAPI 3.1', async (t) => {
  t.match(document.openapi, /^3\.1\./);
  t.same(await new Validator().validate(structuredClone({ ...document })), { valid: true });
});

t.test('operation ids are unique, and verbs with what they are about', async (t) => {
  t.ok(operations.length > 100, `${operations.length} operations`);
  const ids = operations.map(({ operationId }) => operationId);
  t.equal(new Set(ids).size, ids.length);
  for (const id of ids) t.match(id, /^[a-z]+([A-Z][a-z]*)*$/);
  for (const id of [
    'searchLogs',
    'countLogs',
    'streamLogs',
    'searchLogsByPost',
    'searchLogsInArchiveByPost',
  ]) {
    t.ok(ids.includes(id), id);
  }
});

t.test(
  'every operation has a summary, a description of one to three sentences and a described tag',
  async (t) => {
    const tags = new Map(document.tags.map(({ name, description }) => [name, description]));
    for (const { title, summary, description, tags: own, parameters } of operations) {
      t.match(summary, /^[A-Z][a-z]+ [^.]+[^. ]$/, title);
      t.match(description, /^[A-Z].*\.$/s, title);
      t.ok((description.match(/[.?](?= [A-Z`]|$)/g) ?? []).length <= 3, `${title}: ${description}`);
      t.equal(own.length, 1, title);
      t.match(tags.get(own[0]!), /^[A-Z].*\.$/, title);
      for (const parameter of parameters) t.ok(parameter.description, `${title} describes ${parameter.name}`);
    }
  },
);

t.test('every path parameter of an address is declared, and no other', async (t) => {
  for (const { title, path, parameters } of operations) {
    const declared = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    t.same(declared.sort(), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(), title);
  }
});

t.test('every response, body and parameter has an example that its schema allows', async (t) => {
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  ajv.addSchema(document, 'api');
  const check = (schema: Schema, example: unknown, name: string) => {
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as Schema;
    const allows = ajv.compile(local);
    t.ok(allows(example), `${name}: ${ajv.errorsText(allows.errors)}`);
  };
  for (const { title, parameters, requestBody, responses } of operations) {
    for (const { name, schema, example } of parameters) check(schema, example, `${title} ${name}`);
    const media = [requestBody, ...Object.values(responses)].flatMap((part) =>
      Object.entries(part?.content ?? {}),
    );
    for (const [type, { schema, example }] of media) {
      if (schema.format !== 'binary') check(schema, example, `${title} ${type}`);
    }
  }
});

t.test('every operation answers something, and refuses something', async (t) => {
  for (const { title, responses, security } of operations) {
    const [good] = Object.entries(responses).filter(([status]) => Number(status) < 300);
    t.ok(Object.keys(good?.[1].content ?? {}).length > 0, `${title} says what it answers`);
    t.ok(
      Object.keys(responses).some((status) => status.startsWith('4')),
      title,
    );
    t.ok(Array.isArray(security), title);
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
