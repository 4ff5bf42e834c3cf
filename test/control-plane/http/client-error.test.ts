import t from 'tap';
import { isOfClient } from '../../../control-plane/http/client-error.ts';

t.test('which errors the client caused, whatever was thrown', async (t) => {
  for (const code of ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'HPE_INVALID_METHOD'])
    t.ok(isOfClient(Object.assign(new Error(), { code })), code);
  for (const error of [
    Object.assign(new Error(), { code: 457 }),
    Object.assign(new Error(), { code: 'ENOSPC' }),
    new DOMException('', 'AbortError'),
    new Error(),
    null,
    undefined,
    'text',
  ]) {
    t.notOk(isOfClient(error), String(error));
  }
});
