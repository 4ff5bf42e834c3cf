import t from 'tap';
import { givenToken } from '../../../control-plane/http/given-token.ts';

t.test('a token is read from its header, and X-Admin-Token is for the admin token', async (t) => {
  for (const [headers, expected] of [
    [{}, undefined],
    [{ authorization: 'Bearer a' }, { text: 'a', isForAdmin: false }],
    [{ authorization: 'bearer   a' }, { text: 'a', isForAdmin: false }],
    [{ authorization: 'Basic a' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{ 'x-admin-token': 'b' }, { text: 'b', isForAdmin: true }],
    [
      { 'x-admin-token': 'b', authorization: 'Bearer a' },
      { text: 'b', isForAdmin: true },
    ],
    [
      { 'x-admin-token': '', authorization: 'Bearer a' },
      { text: 'a', isForAdmin: false },
    ],
  ] as const) {
    const given = new Map<string, string>(Object.entries(headers));
    t.same(
      givenToken((name) => given.get(name)),
      expected,
      JSON.stringify(headers),
    );
  }
});
