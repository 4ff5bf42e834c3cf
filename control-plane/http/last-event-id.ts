import type { Context } from 'koa';
import { badRequest } from '../../pipeline/runtime/errors.ts';

/**
 * The id of the event after which a stream goes on; undefined where the request names none. Browsers send the last one that they received.
 * @param form of the stream's own ids
 * @param after the parameter that stands for the header where a client cannot send one
 * @throws LogplaneError `bad_request` for a text that is no id: the stream would begin anew, with a hole or a repetition that nobody sees
 */
export function lastEventId(context: Context, form: RegExp, after = ''): string | undefined {
  const given = context.get('Last-Event-ID') || after;
  if (given === '') return undefined;
  if (!form.test(given))
    throw badRequest(`Last-Event-ID: expected the id of an event of this stream, got "${given}"`);
  return given;
}
