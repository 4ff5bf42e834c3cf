import type { Context, Middleware } from 'koa';
import type Router from 'koa-router';
import type { z } from 'zod';
import { writeJson } from '../../pipeline/record/json-text.ts';
import type { Auth } from './auth.ts';
import { endpointName } from './endpoint-name.ts';
import { readJsonBody } from './json-body.ts';
import {
  type ParameterDefaults,
  type Parameters,
  type ParameterValues,
  readParameters,
  refuseUnknownParameters,
} from './parameters.ts';
import type { PendingRecords } from './pending-records.ts';
import { readPostedParameters } from './posted-parameters.ts';
import type { ReadBodyOptions } from './read-body.ts';
import { RememberedRoutes } from './remembered-routes.ts';
import type { Declaration, Handler, Method, Route } from './route.ts';
import type { SlowReaders } from './slow-readers.ts';

/** Below these paths a name that a route does not declare is refused; ways in, foreign protocols and pages ignore it. */
const STRICT = /^\/(?:api\/v1|logs|services|admin|sync)(?:\/|$)/;

export interface ApiOptions {
  readonly defaults: ParameterDefaults;
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly slowReaders: SlowReaders;
  readonly pending: PendingRecords;
}

/** Declares the same routes again under another path. */
export interface Moved {
  /** The beginnings of their paths. */
  readonly from: string;
  readonly to: string;
  /** Ends their operation ids. */
  readonly suffix: string;
}

/** Every route of the server. One declaration registers a route, checks its requests and documents it. */
export class Api {
  readonly router: Router = new RememberedRoutes();
  readonly #options: ApiOptions;
  readonly #routes: Route[] = [];
  readonly #families = new Map<string, string>();

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** Descriptions of the families by name. */
  get families(): ReadonlyMap<string, string> {
    return this.#families;
  }

  /**
   * Routes that the documentation shows together. A family of several features is described by one of them.
   */
  family(name: string, description?: string, moved?: Moved): RouteFamily {
    if (description !== undefined) this.#families.set(name, description);
    return new RouteFamily(name, moved, this.#options, this.router, this.#routes);
  }

  /** True of a path that a route has, whatever its method. */
  hasPath(path: string): boolean {
    return this.router.match(path, 'GET').path.length > 0;
  }

  /** The endpoint of a request; null where no route matches. */
  endpoint(context: Context): string | null {
    return endpointName(this.router, context);
  }
}

export class RouteFamily {
  readonly #name: string;
  readonly #moved: Moved;
  readonly #options: ApiOptions;
  readonly #router: Router;
  readonly #routes: Route[];

  constructor(
    name: string,
    moved: Moved = { from: '', to: '', suffix: '' },
    options: ApiOptions,
    router: Router,
    routes: Route[],
  ) {
    this.#name = name;
    this.#moved = moved;
    this.#options = options;
    this.#router = router;
    this.#routes = routes;
  }

  get<RouteParameters extends Parameters, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, z.ZodType, ResponseBody>,
    handler: Handler<RouteParameters, z.ZodType, ResponseBody>,
  ): void {
    this.#add('get', path, declaration, handler);
  }

  post<RouteParameters extends Parameters, RequestBody extends z.ZodType, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, RequestBody, ResponseBody>,
    handler: Handler<RouteParameters, RequestBody, ResponseBody>,
  ): void {
    this.#add('post', path, declaration, handler);
  }

  put<RouteParameters extends Parameters, RequestBody extends z.ZodType, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, RequestBody, ResponseBody>,
    handler: Handler<RouteParameters, RequestBody, ResponseBody>,
  ): void {
    this.#add('put', path, declaration, handler);
  }

  delete<RouteParameters extends Parameters, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, z.ZodType, ResponseBody>,
    handler: Handler<RouteParameters, z.ZodType, ResponseBody>,
  ): void {
    this.#add('delete', path, declaration, handler);
  }

  /**
   * A query by GET, and by POST with the same parameters as a form or a JSON object, for queries that are too long for an
   * address. The operation id of the POST ends in `ByPost`.
   */
  getOrPost<RouteParameters extends Parameters, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, z.ZodType, ResponseBody>,
    handler: Handler<RouteParameters, z.ZodType, ResponseBody>,
  ): void {
    this.#add('get', path, declaration, handler);
    this.#add('post', path, declaration, handler, [readPostedParameters(this.#options.body)], 'ByPost');
  }

  /** A change whose parameters may be sent as a form or a JSON object. */
  postParameters<RouteParameters extends Parameters, ResponseBody extends z.ZodType>(
    path: string,
    declaration: Declaration<RouteParameters, z.ZodType, ResponseBody>,
    handler: Handler<RouteParameters, z.ZodType, ResponseBody>,
  ): void {
    this.#add('post', path, declaration, handler, [readPostedParameters(this.#options.body)]);
  }

  #add<RouteParameters extends Parameters, RequestBody extends z.ZodType, ResponseBody extends z.ZodType>(
    method: Method,
    declaredPath: string,
    declaration: Declaration<RouteParameters, RequestBody, ResponseBody>,
    handler: Handler<RouteParameters, RequestBody, ResponseBody>,
    before: readonly Middleware[] = [],
    ending = '',
  ): void {
    const { from, to, suffix } = this.#moved;
    const path = declaredPath.startsWith(from) ? to + declaredPath.slice(from.length) : declaredPath;
    const { permission, parameters = {} as RouteParameters, requestBody, status, endpoint } = declaration;
    const { auth, body, slowReaders, pending, defaults } = this.#options;
    const isPage = declaration.responseMedia !== undefined && 'text/html' in declaration.responseMedia;
    const isStrict = STRICT.test(path) && permission !== 'ingest' && !isPage;
    this.#routes.push({
      ...declaration,
      operationId: `${declaration.operationId}${suffix}${ending}`,
      method,
      path,
      family: this.#name,
      postedParameters: before.length > 0,
    });
    const respond: Middleware = async (context) => {
      if (isStrict) refuseUnknownParameters(context, parameters);
      const values: ParameterValues<RouteParameters> = readParameters(context, parameters, defaults);
      const given = requestBody && (await readJsonBody(context, requestBody, body));
      const handle = async () => handler(context, values, given as z.output<RequestBody>);
      const result = await (declaration.readsRecords ? pending.note(context, handle) : handle());
      if (result === undefined) return;
      const text = writeJson(result);
      slowReaders.holdAnswer(Buffer.byteLength(text), context.res);
      context.status = status ?? 200;
      context.type = 'json';
      context.body = text;
    };
    const steps = [...(permission ? [auth.require(permission)] : []), ...before, respond];
    if (endpoint === undefined) this.#router[method](path, ...steps);
    else this.#router[method](endpoint, path, ...steps);
  }
}
