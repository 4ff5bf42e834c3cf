import t from 'tap';
import { SESSION_SECONDS, Sessions } from '../../../control-plane/http/sessions.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const tokens = { ingest: undefined, read: 'read-secret', admin: 'admin-secret' };

t.test('a session stands for the token that opened it, also in another process', async (t) => {
  for (const kind of ['read', 'admin'] as const) {
    const session = await new Sessions(tokens).open(kind, NOW);
    t.equal(await new Sessions(tokens).read(session, NOW), kind);
    t.notMatch(session, tokens[kind]);
  }
});

t.test('a session ends: by time, when it is signed out, when its token is changed', async (t) => {
  const sessions = new Sessions(tokens);
  const session = await sessions.open('read', NOW);
  t.equal(await sessions.read(session, NOW + SESSION_SECONDS * 1000 - 1), 'read');
  t.equal(await sessions.read(session, NOW + SESSION_SECONDS * 1000), undefined);

  const other = await sessions.open('read', NOW);
  await sessions.end(session, NOW);
  t.equal(await sessions.read(session, NOW), undefined);
  t.equal(await sessions.read(other, NOW), 'read', 'only this one');

  t.equal(await new Sessions({ ...tokens, read: 'changed' }).read(other, NOW), undefined);
  t.equal(await new Sessions({ ...tokens, read: undefined }).read(other, NOW), undefined);
  t.equal(await new Sessions({ ...tokens, admin: 'changed' }).read(other, NOW), 'read');
});

t.test('no part of a session can be changed', async (t) => {
  const sessions = new Sessions(tokens);
  const session = await sessions.open('read', NOW);
  const [kind, end, id, signature] = session.split('.');
  const forged = [
    `admin.${end}.${id}.${signature}`,
    `${kind}.${Number(end) + 1}.${id}.${signature}`,
    `${kind}.${end}.x${id}.${signature}`,
    `${kind}.${end}.${id}.${signature!.slice(1)}x`,
    `${kind}.${end}.${id}.`,
    `${kind}.${end}.${id}`,
    `toString.${end}.${id}.${signature}`,
    '',
    '....',
  ];
  for (const text of forged) t.equal(await sessions.read(text, NOW), undefined, text);
});
