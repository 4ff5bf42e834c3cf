import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { AnswerBudget } from '../../../control-plane/http/answer-budget.ts';
import { until } from '../../until.ts';

const responses: ServerResponse[] = [];
const server = createServer((_request, response) => responses.push(response));
t.before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
t.teardown(() => server.close());

async function open(): Promise<{ response: ServerResponse; leave: () => void }> {
  const before = responses.length;
  const request = get({ port: (server.address() as AddressInfo).port, agent: false });
  request.on('error', () => {});
  request.on('response', (answer) => answer.resume());
  await until(() => responses.length > before, 'the request has come');
  return { response: responses.at(-1)!, leave: () => request.destroy() };
}

t.test('answers that nobody has taken yet keep further ones out', async (t) => {
  const budget = new AnswerBudget(1_000_000);
  const [first, second, third] = [await open(), await open(), await open()];
  budget.hold(700_000, first.response);
  t.throws(() => budget.hold(700_000, second.response), {
    kind: 'overloaded',
    message: /have not taken yet/,
  });
  budget.hold(1_000, second.response);
  t.equal(budget.held, 700_000, 'small ones are not counted');
  first.response.end('x');
  await until(() => budget.held === 0, 'the first was taken');
  budget.hold(700_000, second.response);
  second.leave();
  await until(() => budget.held === 0, 'the client of the second has left');
  budget.hold(700_000, second.response);
  t.equal(budget.held, 0, 'an answer to one that has left is not held');
  third.response.end();
});
