import t from 'tap';
import { createAuth, type Right } from '../../../control-plane/http/auth.ts';

const PEER = '127.0.0.1';
const rights: readonly Right[] = ['ingest', 'read', 'configuration', 'change', 'admin'];

/** What a token may do. */
function granted(tokens: { ingest?: string; read?: string; admin: string }, token: string): Right[] {
  const { check } = createAuth({
    ingestToken: tokens.ingest,
    readToken: tokens.read,
    adminToken: tokens.admin,
    guardChanges: true,
  });
  return rights.filter((right) => {
    try {
      check(right, token, PEER);
      return true;
    } catch {
      return false;
    }
  });
}

t.test('a token that is set for several rights has them all', async (t) => {
  t.same(granted({ ingest: 'one', read: 'one', admin: 'other' }, 'one'), ['ingest', 'read', 'configuration']);
  t.same(granted({ ingest: 'one', read: 'one', admin: 'one' }, 'one'), rights);
  t.same(granted({ ingest: 'i', read: 'r', admin: 'a' }, 'r'), ['read', 'configuration']);
  t.same(granted({ ingest: 'i', read: 'r', admin: 'a' }, 'x'), []);
});
