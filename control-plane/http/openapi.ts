import { z } from 'zod';
import type { ErrorKind } from '../../pipeline/runtime/errors.ts';
import type { Right } from './auth.ts';
import { ERROR, STATUS } from './error-response.ts';
import { type JsonSchema, type NamedSchemas, toJsonSchema } from './json-schema.ts';
import { isRequired, type Parameter } from './parameters.ts';
import { PENDING_FIELDS } from './pending-records.ts';
import { FORM } from './posted-parameters.ts';
import type { MediaTypes, Route } from './route.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

const REASONS: Readonly<Record<ErrorKind, string>> = {
  bad_request: 'A parameter, a query or the body is not of the form that is expected',
  unauthorized: 'A missing or wrong token',
  forbidden: 'A page of another site tries to change something',
  not_found: 'Nothing is there',
  too_large: 'The body is larger than the server takes',
  unsupported_encoding: 'An unknown `Content-Encoding` or `Content-Type`',
  too_costly: 'The query needs more time, memory or rows than one query may take',
  too_many: 'More than one client may have open or do; `Retry-After` says when to try again',
  overloaded: 'The server cannot take it now; `Retry-After` says when to send it again',
};

/** Any of them lets a request in; a right that the settings leave open needs none, which the empty one says. */
const KEYS = [{ bearer: [] }, { adminToken: [] }, { session: [] }];
const OPENED_BY: Readonly<Record<Right, readonly object[]>> = {
  ingest: [{}, ...KEYS],
  read: [{}, ...KEYS],
  configuration: [{}, ...KEYS],
  change: [{}, ...KEYS],
  admin: KEYS,
};

/** The OpenAPI 3.1 document of the routes. */
export function describeRoutes(routes: readonly Route[], version: string) {
  const named: NamedSchemas = {};
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: describeRoute(route, path, named) };
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Logplane',
      version,
      description: 'The log plane of a GPU or HPC fleet: send, search, count and follow logs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ family }) => family))].map((name) => ({ name })),
    paths,
    components: {
      schemas: named,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of the right that a route asks for, or the admin token',
        },
        adminToken: { type: 'apiKey', in: 'header', name: 'X-Admin-Token', description: 'The admin token' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description: 'Set by `POST /api/v1/session`; changes also need `X-Requested-With: logplane`',
        },
      },
    },
  };
}

function describeRoute(route: Route, path: string, named: NamedSchemas): object {
  const { method, summary, description, right, family, name } = route;
  const body = describeBody(route, named);
  return {
    tags: [family],
    operationId: name ?? [method, ...path.split(/\W+/).filter(Boolean)].join('_'),
    summary,
    ...(description !== undefined && { description }),
    ...(right && { security: OPENED_BY[right], 'x-right': right }),
    parameters: describeParameters(route, path),
    ...(body && { requestBody: body }),
    responses: describeAnswers(route, named),
  };
}

function describeParameters({ parameters = {}, headers = {}, postedParameters }: Route, path: string) {
  const described = Object.entries(parameters).map(([name, read]) => {
    const { description, ...schema } = schemaOf(read);
    const inPath = path.includes(`{${name}}`);
    return {
      name,
      in: inPath ? 'path' : 'query',
      ...(description !== undefined && { description }),
      required: inPath || (isRequired(read) && !postedParameters),
      schema,
      ...(schema.type === 'array' && { style: 'form', explode: false }),
    };
  });
  const listened = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
  return [...described, ...listened];
}

function describeBody({ body, takes, parameters = {}, postedParameters }: Route, named: NamedSchemas) {
  if (body) {
    const schema = toJsonSchema(body, 'input', named);
    return { required: !body.safeParse({}).success, content: { 'application/json': { schema } } };
  }
  if (takes) return { required: false, content: describeMedia(takes, 'input', named) };
  if (!postedParameters) return undefined;
  const entries = Object.entries(parameters).map(([name, read]) => [name, schemaOf(read)]);
  const schema = { type: 'object', properties: Object.fromEntries(entries) };
  return {
    description: 'The parameters, where they are too long for the address',
    required: false,
    content: { 'application/json': { schema }, [FORM]: { schema } },
  };
}

function describeAnswers(route: Route, named: NamedSchemas): Record<string, object> {
  const { gives, events, status = 200, otherwise = {} } = route;
  const answer =
    route.readsRecords && route.answer instanceof z.ZodObject
      ? route.answer.extend(PENDING_FIELDS)
      : route.answer;
  const answers: Record<string, object> = {
    [status]: {
      description: 'Done',
      content: {
        ...(answer && describeMedia({ 'application/json': answer }, 'output', named)),
        ...(gives && describeMedia(gives, 'output', named)),
        ...(events && { 'text/event-stream': describeEvents(events, named) }),
      },
    },
  };
  for (const [code, { description, gives }] of Object.entries(otherwise)) {
    answers[code] = { description, content: describeMedia(gives, 'output', named) };
  }
  for (const kind of errorsOf(route)) {
    answers[STATUS[kind]] ??= {
      description: REASONS[kind],
      content: describeMedia({ 'application/json': ERROR }, 'output', named),
    };
  }
  return answers;
}

function errorsOf({ method, right, parameters, body, takes, postedParameters, errors = [] }: Route) {
  const hasBody = body !== undefined || takes !== undefined || postedParameters;
  // Without room on the disk, or without the store, no route can answer.
  const kinds: ErrorKind[] = ['overloaded'];
  if (parameters || hasBody) kinds.push('bad_request');
  if (right) kinds.push('unauthorized', 'too_many');
  if (method !== 'get') kinds.push('forbidden');
  if (hasBody) kinds.push('too_large', 'unsupported_encoding');
  return [...kinds, ...errors];
}

function describeMedia(media: MediaTypes, io: 'input' | 'output', named: NamedSchemas) {
  return Object.fromEntries(
    Object.entries(media).map(([type, schema]) => [type, { schema: toJsonSchema(schema, io, named) }]),
  );
}

/** OpenAPI 3.1 has no words for events: `x-events` has the schema of the data of each, by name. */
function describeEvents(events: MediaTypes, named: NamedSchemas) {
  const schemas = Object.entries(events).map(([name, schema]) => [
    name,
    toJsonSchema(schema, 'output', named),
  ]);
  return {
    schema: { type: 'string', description: 'Server-sent events; `message` are those without a name' },
    'x-events': Object.fromEntries(schemas),
  };
}

function schemaOf(read: Parameter<unknown>): JsonSchema {
  return read.schema ?? { type: 'string' };
}
