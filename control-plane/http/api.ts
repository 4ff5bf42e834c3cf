import type { Context, Middleware } from 'koa';
import type Router from 'koa-router';
import type { z } from 'zod';
import { writeJson } from '../../pipeline/record/json-text.ts';
import type { AnswerBudget } from './answer-budget.ts';
import type { Auth } from './auth.ts';
import { endpointName } from './endpoint-name.ts';
import { readJsonBody } from './json-body.ts';
import { type Parameters, type ParameterValues, readParameters } from './parameters.ts';
import type { PendingRecords } from './pending-records.ts';
import { readPostedParameters } from './posted-parameters.ts';
import type { ReadBodyOptions } from './read-body.ts';
import { RememberedRoutes } from './remembered-routes.ts';
import type { Declaration, Handler, Method, Route } from './route.ts';

export interface ApiOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly answers: AnswerBudget;
  readonly pending: PendingRecords;
}

/** Every route of the server. One declaration registers a route, checks its requests and documents it. */
export class Api {
  readonly router: Router = new RememberedRoutes();
  readonly #options: ApiOptions;
  readonly #routes: Route[] = [];

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /**
   * Routes that the documentation shows together.
   * @param moved what the beginnings of their paths become
   */
  family(name: string, moved: readonly [from: string, to: string] = ['', '']): RouteFamily {
    return new RouteFamily(name, moved, this.#options, this.router, this.#routes);
  }

  /** The name of the route that a request goes to; null where no route takes it. */
  endpoint(context: Context): string | null {
    return endpointName(this.router, context);
  }
}

export class RouteFamily {
  readonly #name: string;
  readonly #moved: readonly [from: string, to: string];
  readonly #options: ApiOptions;
  readonly #router: Router;
  readonly #routes: Route[];

  constructor(
    name: string,
    moved: readonly [from: string, to: string],
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

  get<Shape extends Parameters, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, z.ZodType, Answer>,
    handler: Handler<Shape, z.ZodType, Answer>,
  ): void {
    this.#add('get', path, declaration, handler);
  }

  post<Shape extends Parameters, Body extends z.ZodType, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, Body, Answer>,
    handler: Handler<Shape, Body, Answer>,
  ): void {
    this.#add('post', path, declaration, handler);
  }

  put<Shape extends Parameters, Body extends z.ZodType, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, Body, Answer>,
    handler: Handler<Shape, Body, Answer>,
  ): void {
    this.#add('put', path, declaration, handler);
  }

  delete<Shape extends Parameters, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, z.ZodType, Answer>,
    handler: Handler<Shape, z.ZodType, Answer>,
  ): void {
    this.#add('delete', path, declaration, handler);
  }

  /**
   * A question: asked by GET, and by POST with the same parameters as a form or a JSON object, for queries that are too
   * long for an address.
   */
  getOrPost<Shape extends Parameters, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, z.ZodType, Answer>,
    handler: Handler<Shape, z.ZodType, Answer>,
  ): void {
    this.#add('get', path, declaration, handler);
    this.#add('post', path, declaration, handler, readPostedParameters(this.#options.body));
  }

  /** A change whose parameters may come as a form or a JSON object. */
  postParameters<Shape extends Parameters, Answer extends z.ZodType>(
    path: string,
    declaration: Declaration<Shape, z.ZodType, Answer>,
    handler: Handler<Shape, z.ZodType, Answer>,
  ): void {
    this.#add('post', path, declaration, handler, readPostedParameters(this.#options.body));
  }

  #add<Shape extends Parameters, Body extends z.ZodType, Answer extends z.ZodType>(
    method: Method,
    declaredPath: string,
    declaration: Declaration<Shape, Body, Answer>,
    handler: Handler<Shape, Body, Answer>,
    ...before: Middleware[]
  ): void {
    const [from, to] = this.#moved;
    const path = declaredPath.startsWith(from) ? to + declaredPath.slice(from.length) : declaredPath;
    const { right, parameters = {} as Shape, body: schema, status, name } = declaration;
    const { auth, body, answers, pending } = this.#options;
    this.#routes.push({
      ...declaration,
      method,
      path,
      family: this.#name,
      postedParameters: before.length > 0,
    });
    const answer: Middleware = async (context) => {
      const values: ParameterValues<Shape> = readParameters(context, parameters);
      const given = schema && (await readJsonBody(context, schema, body));
      const handle = async () => handler(context, values, given as z.output<Body>);
      const result = await (declaration.readsRecords ? pending.note(context, handle) : handle());
      if (result === undefined) return;
      const text = writeJson(result);
      answers.hold(Buffer.byteLength(text), context.res);
      context.status = status ?? 200;
      context.type = 'json';
      context.body = text;
    };
    const steps = [...(right ? [auth.require(right)] : []), ...before, answer];
    if (name === undefined) this.#router[method](path, ...steps);
    else this.#router[method](name, path, ...steps);
  }
}
