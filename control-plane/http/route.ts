import type { Context } from 'koa';
import type { z } from 'zod';
import type { ErrorKind } from '../../pipeline/runtime/errors.ts';
import type { Permission } from './auth.ts';
import type { Parameters, ParameterValues } from './parameters.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** Schemas by media type. */
export type MediaTypes = Readonly<Record<string, z.ZodType>>;

/**
 * A route as it is declared. This alone registers, checks and documents it; its examples come from those of the schemas and
 * parameters.
 */
export interface Declaration<
  RouteParameters extends Parameters = Parameters,
  RequestBody extends z.ZodType = z.ZodType,
  ResponseBody extends z.ZodType = z.ZodType,
> {
  /** Unique, a verb and what it is about: `searchLogs`. */
  readonly operationId: string;
  /** A heading, without a full stop. */
  readonly summary: string;
  /** One to three sentences. */
  readonly description: string;
  /** What the client must be allowed to do; the route is open where there is none. */
  readonly permission?: Permission;
  /** In the path and in the query. */
  readonly parameters?: RouteParameters;
  /** Request headers that the route reads, with what they mean. */
  readonly headers?: Readonly<Record<string, Header>>;
  /** A JSON body, which is read and checked before the handler runs. */
  readonly requestBody?: RequestBody;
  /** Bodies that the handler reads itself. */
  readonly requestMedia?: MediaTypes;
  /** The handler's result, which becomes the JSON of the response. */
  readonly response?: ResponseBody;
  /** Responses that the handler writes itself. */
  readonly responseMedia?: MediaTypes;
  /**
   * The response is made of stored records. While some acknowledged records cannot be stored, it says how many it lacks.
   */
  readonly readsRecords?: boolean;
  /** The response is a stream of server-sent events: their data by name; `message` are the unnamed ones. */
  readonly events?: MediaTypes;
  /** Of the response; 200 by default. */
  readonly status?: number;
  /** Further responses by status, beside errors. */
  readonly otherResponses?: Readonly<Record<number, OtherResponse>>;
  /** Errors beside those that follow from the permission, the parameters and the body. */
  readonly errors?: readonly ErrorKind[];
  /** The endpoint in metrics and the request log; made of method and path by default. */
  readonly endpoint?: string;
}

export interface Header {
  readonly description: string;
  readonly example: string;
}

export interface OtherResponse {
  readonly description: string;
  /** Undefined for a response without a body. */
  readonly content?: MediaTypes;
}

export interface Route extends Declaration {
  readonly method: Method;
  /** With parameters as the router writes them, `/api/v1/jobs/:job_id`. */
  readonly path: string;
  /** The family that the documentation shows it in. */
  readonly family: string;
  /** True where a form or a JSON object in the body may hold the parameters. */
  readonly postedParameters: boolean;
}

/** Returns what `response` describes, or nothing where it has written the response into the context itself. */
export type Handler<
  RouteParameters extends Parameters,
  RequestBody extends z.ZodType,
  ResponseBody extends z.ZodType,
> = (
  context: Context,
  parameters: ParameterValues<RouteParameters>,
  body: z.output<RequestBody>,
) => Result<ResponseBody> | Promise<Result<ResponseBody>>;

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that ends without a return has written its response.
type Result<ResponseBody extends z.ZodType> = Immutable<z.output<ResponseBody>> | undefined | void;

type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;
