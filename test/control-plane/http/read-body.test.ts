import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { BodyBudget } from '../../../control-plane/http/body-budget.ts';
import { readBody } from '../../../control-plane/http/read-body.ts';

t.test('what comes packed without a declared size counts against the budget as it comes', async (t) => {
  const budget = new BodyBudget(100);
  const body = new PassThrough();
  const request = Object.assign(body, { headers: { 'content-encoding': 'snappy' } });
  const reading = readBody(request as unknown as IncomingMessage, { budget, limit: 1000 }, async () => {});
  body.write(Buffer.alloc(60));
  await new Promise(setImmediate);
  t.equal(budget.held, 60);
  body.end(Buffer.alloc(60));
  await t.rejects(reading, /the memory for request bodies is full/);
  t.equal(budget.held, 0);
});
