import t from 'tap';
import { serve } from './serve.ts';

const server = await serve(t, { ADMIN_TOKEN: 'admin-secret' });
await server.ingest([
  ...Array.from({ length: 20 }, (_, index) => ({
    message: `order of alice ${index}`,
    user: 'alice',
    service: 'shop',
  })),
  ...Array.from({ length: 30 }, (_, index) => ({
    message: `order of bob ${index}`,
    user: 'bob',
    service: 'shop',
  })),
]);

async function remove(parameters: object, token = 'admin-secret') {
  const answer = await fetch(`${server.url}/api/v1/logs/delete`, {
    method: 'POST',
    body: JSON.stringify(parameters),
    headers: { 'content-type': 'application/json', 'x-admin-token': token },
  });
  return { status: answer.status, body: (await answer.json()) as any };
}
const count = async (q = '') =>
  (await server.get<{ total: number }>(`/api/v1/logs/count?from=now-1h&to=now&q=${encodeURIComponent(q)}`))
    .total;

t.test('the first answer tells how many, the second deletes them', async (t) => {
  const asked = await remove({ q: 'user:alice' });
  t.match(asked, { status: 200, body: { records: 20, deleted: 0, confirm: /^20-\d{16}$/ } });
  t.equal(await count(), 50, 'nothing is gone');
  await server.ingest([{ message: 'order of alice, later', user: 'alice', service: 'shop' }]);
  const done = await remove({ q: 'user:alice', confirm: asked.body.confirm });
  t.match(done, { status: 200, body: { records: 20, deleted: 20 } });
  t.equal(await count(), 31);
  t.equal(await count('user:alice'), 1, 'what came after the question stays');
  t.same(
    (await server.get<{ groups: object[] }>('/api/v1/logs/count?by=service&from=now-1h&to=now')).groups,
    [{ service: 'shop', count: 31 }],
  );
});

t.test('what does not fit is refused', async (t) => {
  t.match(await remove({}), { status: 400, body: { error: { message: /expected a query/ } } });
  t.match(await remove({ q: 'user:bob', confirm: 'yes' }), {
    status: 400,
    body: { error: { message: /confirm: expected the confirm of the first response, got "yes"/ } },
  });
  const { body } = await remove({ q: 'user:bob' });
  t.match(await remove({ q: 'user:bob "bob 1"', confirm: body.confirm }), {
    status: 400,
    body: { error: { message: /expected a request that selects 30 records as before, got 11/ } },
  });
  t.equal((await remove({ q: 'user:bob' }, 'wrong')).status, 401);
  t.equal(await count(), 31);
});
