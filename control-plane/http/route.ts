import type { Context } from 'koa';
import type { z } from 'zod';
import type { ErrorKind } from '../../pipeline/runtime/errors.ts';
import type { Right } from './auth.ts';
import type { Parameters, ParameterValues } from './parameters.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** What is sent or answered, by media type. */
export type MediaTypes = Readonly<Record<string, z.ZodType>>;

/** A route as it is declared: it is registered, checked and documented by this alone. */
export interface Declaration<
  Shape extends Parameters = Parameters,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly summary: string;
  readonly description?: string;
  /** What the asker needs; open where there is none. */
  readonly right?: Right;
  /** In the path and in the query. */
  readonly parameters?: Shape;
  /** Header fields that it listens to, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON body, which is read and checked before the handler runs. */
  readonly body?: Body;
  /** Bodies that the handler reads itself. */
  readonly takes?: MediaTypes;
  /** The handler's result, which becomes the JSON of the answer. */
  readonly answer?: Answer;
  /** Answers that the handler writes itself. */
  readonly gives?: MediaTypes;
  /** Its answer is made of stored records, and says how many that were acknowledged are not stored yet where there are such. */
  readonly readsRecords?: boolean;
  /** Answers a stream of server-sent events: their data by name; `message` are the unnamed ones. */
  readonly events?: MediaTypes;
  /** Of the answer; 200 where not told. */
  readonly status?: number;
  /** Further answers by status, beside errors. */
  readonly otherwise?: Readonly<Record<number, { readonly description: string; readonly gives: MediaTypes }>>;
  /** Errors beside those that follow from the rest: of parameters, body and right. */
  readonly errors?: readonly ErrorKind[];
  /** Of the endpoint in metrics and the request log; made of method and path where not told. */
  readonly name?: string;
}

export interface Route extends Declaration {
  readonly method: Method;
  /** With parameters as the router writes them, `/api/v1/jobs/:job_id`. */
  readonly path: string;
  /** The family that the documentation shows it in. */
  readonly family: string;
  /** True where a body may bring the parameters as a form or as JSON. */
  readonly postedParameters: boolean;
}

/** Returns what `answer` describes, or nothing where it has written the answer into the context itself. */
export type Handler<Shape extends Parameters, Body extends z.ZodType, Answer extends z.ZodType> = (
  context: Context,
  parameters: ParameterValues<Shape>,
  body: z.output<Body>,
) => Result<Answer> | Promise<Result<Answer>>;

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that ends without a return has written its answer.
type Result<Answer extends z.ZodType> = Immutable<z.output<Answer>> | undefined | void;

type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;
