import { z } from 'zod';
import type { ErrorKind } from '../../pipeline/runtime/errors.ts';
import type { Permission } from './auth.ts';
import { ERROR, STATUS } from './error-response.ts';
import { formatEvent } from './event-stream.ts';
import { exampleOf } from './example.ts';
import { type JsonSchema, type NamedSchemas, toJsonSchema } from './json-schema.ts';
import { isRequired, type Parameter } from './parameters.ts';
import { PENDING_FIELDS } from './pending-records.ts';
import { FORM } from './posted-parameters.ts';
import type { MediaTypes, Route } from './route.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

/** What an error means, and an example of its message. */
const ERRORS: Readonly<Record<ErrorKind, readonly [description: string, message: string]>> = {
  bad_request: [
    'A parameter, the query, the body or the request itself is invalid; the message names it',
    'limit: expected a whole number from 1 to 1000, got "many"',
  ],
  unauthorized: ['The token is missing or invalid', 'missing read token'],
  forbidden: [
    'A page of another site caused the request',
    'pages of https://other.example may not change anything here; add the site to CORS_ORIGIN to allow it',
  ],
  not_found: ['Nothing exists under this name or id', 'no job has the id "48211"'],
  too_large: [
    'The body is larger than the limit',
    'the body: expected at most 1048576 bytes after decompression (INGEST_MAX_BYTES), got more',
  ],
  unsupported_encoding: [
    'The `Content-Encoding` or `Content-Type` is unknown',
    'Content-Encoding: expected one of gzip, deflate, zstd, snappy, got "br"',
  ],
  resource_exhausted: [
    'The query needs more time, memory or rows than one query may use',
    'the query exceeds the time, memory or rows of one query; narrow it: a shorter time range (from, to), a service, a level',
  ],
  rate_limited: [
    'The client has too many streams open or guessed too many tokens; `Retry-After` says when to try again',
    'streams: expected at most 64 open ones of a client; close one, or send several queries on one stream (queries)',
  ],
  unavailable: [
    'The server cannot process the request now; `Retry-After` says when to send it again',
    'the store does not answer; send the request again',
  ],
};

/** Each of them alone grants access. A permission that the settings leave open needs none, which the empty one says. */
const CREDENTIALS = [{ bearer: [] }, { adminToken: [] }, { session: [] }];
const SECURITY: Readonly<Record<Permission, readonly object[]>> = {
  ingest: [{}, ...CREDENTIALS],
  read: [{}, ...CREDENTIALS],
  configuration: [{}, ...CREDENTIALS],
  change: [{}, ...CREDENTIALS],
  admin: CREDENTIALS,
};

/** The example of a posted query has so many of its optional parameters: it shows the form, not a query that uses all of them. */
const POSTED_EXAMPLES = 3;

/** The OpenAPI 3.1 document of the routes. */
export function describeRoutes(
  routes: readonly Route[],
  families: ReadonlyMap<string, string>,
  { version, basePath }: { readonly version: string; readonly basePath: string },
) {
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
      contact: { name: 'The operator of this server' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: basePath || '/' }],
    tags: [...new Set(routes.map(({ family }) => family))].map((name) => ({
      name,
      description: families.get(name),
    })),
    paths,
    components: {
      schemas: named,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of the permission that a route needs, or the admin token',
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
  const { operationId, summary, description, permission, family } = route;
  const body = describeBody(route, named);
  return {
    tags: [family],
    operationId,
    summary,
    description,
    security: permission ? SECURITY[permission] : [],
    ...(permission && { 'x-permission': permission }),
    parameters: describeParameters(route, path),
    ...(body && { requestBody: body }),
    responses: describeResponses(route, named),
  };
}

function describeParameters({ parameters = {}, headers = {}, postedParameters }: Route, path: string) {
  const described = Object.entries(parameters).map(([name, read]) => {
    const { description, examples: _, ...schema } = schemaOf(read);
    const inPath = path.includes(`{${name}}`);
    return {
      name,
      in: inPath ? 'path' : 'query',
      ...(description !== undefined && { description }),
      required: inPath || (isRequired(read) && !postedParameters),
      schema,
      ...(schema.type === 'array' && { style: 'form', explode: false }),
      ...exampleIn(schemaOf(read)),
    };
  });
  const read = Object.entries(headers).map(([name, { description, example }]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
    example,
  }));
  return [...described, ...read];
}

function describeBody(route: Route, named: NamedSchemas) {
  const { requestBody, requestMedia, parameters = {}, postedParameters } = route;
  if (requestBody) {
    const content = describeMedia({ 'application/json': requestBody }, 'input', named);
    return { required: !requestBody.safeParse({}).success, content };
  }
  if (requestMedia) return { required: false, content: describeMedia(requestMedia, 'input', named) };
  if (!postedParameters) return undefined;
  const entries = Object.entries(parameters);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, read]) => [name, schemaOf(read)])),
  };
  const required = entries.filter(([, read]) => isRequired(read));
  const optional = entries.filter(([, read]) => !isRequired(read)).slice(0, POSTED_EXAMPLES);
  const example = Object.fromEntries(
    [...required, ...optional].map(([name, read]) => [name, exampleOf(schemaOf(read), {})]),
  );
  return {
    description: 'The parameters, where they are too long for the address',
    required: false,
    content: { 'application/json': { schema, example }, [FORM]: { schema, example } },
  };
}

function describeResponses(route: Route, named: NamedSchemas): Record<string, object> {
  const { responseMedia, events, status = 200, otherResponses = {} } = route;
  const response =
    route.readsRecords && route.response instanceof z.ZodObject
      ? route.response.extend(PENDING_FIELDS)
      : route.response;
  const responses: Record<string, object> = {
    [status]: {
      description: 'Success',
      content: {
        ...(response && describeMedia({ 'application/json': response }, 'output', named)),
        ...(responseMedia && describeMedia(responseMedia, 'output', named)),
        ...(events && { 'text/event-stream': describeEvents(events, named) }),
      },
    },
  };
  for (const [code, { description, content = {} }] of Object.entries(otherResponses)) {
    responses[code] = { description, content: describeMedia(content, 'output', named) };
  }
  for (const kind of errorsOf(route)) {
    const [description, message] = ERRORS[kind];
    const schema = toJsonSchema(ERROR, 'output', named);
    responses[STATUS[kind]] ??= {
      description,
      content: { 'application/json': { schema, example: { error: { message } } } },
    };
  }
  return responses;
}

function errorsOf(route: Route): ErrorKind[] {
  const { method, permission, requestBody, requestMedia, postedParameters, errors = [] } = route;
  // Any request may be invalid HTTP. Without room on the disk, or without the store, no route can answer.
  const kinds: ErrorKind[] = ['bad_request', 'unavailable'];
  if (permission) kinds.push('unauthorized', 'rate_limited');
  if (method !== 'get') kinds.push('forbidden');
  if (requestBody || requestMedia || postedParameters) kinds.push('too_large', 'unsupported_encoding');
  return [...kinds, ...errors];
}

function describeMedia(media: MediaTypes, io: 'input' | 'output', named: NamedSchemas) {
  const described = Object.entries(media).map(([type, zodSchema]) => {
    const schema = toJsonSchema(zodSchema, io, named);
    return [type, { schema, ...exampleIn(schema, named) }];
  });
  return Object.fromEntries(described);
}

/** OpenAPI 3.1 cannot describe events: `x-events` has the schema of the data of each, by name. */
function describeEvents(events: MediaTypes, named: NamedSchemas) {
  const schemas = Object.entries(events).map(
    ([name, schema]) => [name, toJsonSchema(schema, 'output', named)] as const,
  );
  const [[name, first]] = schemas as [(typeof schemas)[number]];
  const data = JSON.stringify(exampleOf(first, named));
  return {
    schema: { type: 'string', description: 'Server-sent events; `message` are those without a name' },
    example: formatEvent({ ...(name !== 'message' && { name }), id: '1780531200000000', data }),
    'x-events': Object.fromEntries(schemas),
  };
}

function exampleIn(schema: JsonSchema, named: NamedSchemas = {}) {
  const example = exampleOf(schema, named);
  return example === undefined ? {} : { example };
}

function schemaOf(read: Parameter<unknown>): JsonSchema {
  return read.schema ?? { type: 'string' };
}
