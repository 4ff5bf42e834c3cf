import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createAuth, type Permission } from '../../../control-plane/http/auth.ts';
import { KnownTokens } from '../../../control-plane/http/known-tokens.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const PEER = '127.0.0.1';
const permissions: readonly Permission[] = ['ingest', 'read', 'configuration', 'change', 'admin'];

/** What a token may do. */
function granted(tokens: { ingest?: string; read?: string; admin: string }, token: string): Permission[] {
  const { check } = createAuth({
    ingestToken: tokens.ingest,
    readToken: tokens.read,
    adminToken: tokens.admin,
    guardChanges: true,
    ownNames: undefined,
    known: new KnownTokens(undefined, () => {}),
  });
  return permissions.filter((permission) => {
    try {
      check(permission, { text: token, isForAdmin: false }, PEER);
      return true;
    } catch {
      return false;
    }
  });
}

t.test('a token that is set for several permissions has them all', async (t) => {
  t.same(granted({ ingest: 'one', read: 'one', admin: 'other' }, 'one'), ['ingest', 'read', 'configuration']);
  t.same(granted({ ingest: 'one', read: 'one', admin: 'one' }, 'one'), permissions);
  t.same(granted({ ingest: 'i', read: 'r', admin: 'a' }, 'r'), ['read', 'configuration']);
  t.same(granted({ ingest: 'i', read: 'r', admin: 'a' }, 'x'), []);
});

t.test('X-Admin-Token takes the admin token alone', async (t) => {
  const { check } = createAuth({
    ingestToken: 'i',
    readToken: 'r',
    adminToken: 'a',
    guardChanges: true,
    ownNames: undefined,
    known: new KnownTokens(undefined, () => {}),
  });
  for (const [permission, text] of [
    ['ingest', 'i'],
    ['read', 'r'],
  ] as const)
    t.throws(
      () => check(permission, { text, isForAdmin: true }, PEER),
      new RegExp(`invalid ${permission} token`),
    );
  for (const permission of permissions) check(permission, { text: 'a', isForAdmin: true }, PEER);
});

/** A server's tokens; those used before are in the file. */
async function createScene(file: string, ingestToken = 'i') {
  const known = await KnownTokens.open(file, [ingestToken, 'r', 'a'], (message) => t.fail(message));
  const auth = createAuth({
    ingestToken,
    readToken: 'r',
    adminToken: 'a',
    guardChanges: true,
    ownNames: undefined,
    known,
  });
  const check = (permission: Permission, text: string, peer: string) =>
    auth.check(permission, { text, isForAdmin: false }, peer);
  let guesses = 0;
  return {
    known,
    check,
    /** Tries tokens that are wrong, each another one. */
    guess(times: number, peer = PEER) {
      for (let count = 0; count < times; count++) {
        t.throws(() => check('read', `wrong-${guesses++}`, peer), /invalid read token/, { quiet: true });
      }
    },
  };
}
const TOO_MANY = /too many invalid tokens .* wait a minute/;

t.test('after a hundred wrong tokens only those that were used before are looked at', async (t) => {
  const { check, guess } = await createScene(join(temporaryFolder(), 'used-tokens'));
  check('ingest', 'i', PEER);
  guess(100);
  t.throws(() => check('read', 'another', PEER), TOO_MANY);
  t.throws(() => check('read', 'r', PEER), TOO_MANY, 'a right guess is answered as a wrong one');
  t.throws(() => check('admin', 'a', PEER), TOO_MANY);
  check('ingest', 'i', PEER);
  t.throws(() => check('read', 'i', PEER), /invalid read token/, 'known is not allowed');
  check('read', 'r', '10.0.0.9');
  check('read', 'r', PEER);
});

t.test('where a right token was used guessing is limited too', async (t) => {
  const { check, guess } = await createScene(join(temporaryFolder(), 'used-tokens'));
  check('admin', 'a', PEER);
  guess(100);
  for (let count = 0; count < 3; count++) t.throws(() => check('read', 'r', PEER), TOO_MANY);
});

t.test('a token that was used is known after a restart, as a hash', async (t) => {
  const file = join(temporaryFolder(), 'state', 'used-tokens');
  const before = await createScene(file, 'ingest-secret');
  before.check('ingest', 'ingest-secret', PEER);
  before.check('read', 'r', PEER);
  await before.known.saved();
  t.notMatch(readFileSync(file, 'utf8'), 'secret');
  t.equal(statSync(file).mode & 0o077, 0);

  const after = await createScene(file, 'ingest-secret');
  after.guess(100);
  after.check('ingest', 'ingest-secret', PEER);
  after.check('read', 'r', PEER);
  t.throws(() => after.check('admin', 'a', PEER), TOO_MANY);

  const changed = await createScene(file, 'new-secret');
  changed.guess(100);
  t.throws(() => changed.check('ingest', 'new-secret', PEER), TOO_MANY);
  t.throws(() => changed.check('ingest', 'ingest-secret', PEER), TOO_MANY, 'the old one');
});

t.test('a damaged file of used tokens knows none', async (t) => {
  const file = join(temporaryFolder(), 'used-tokens');
  writeFileSync(file, '\0'.repeat(100));
  const { known } = await createScene(file);
  t.notOk(known.has('i'));
});
