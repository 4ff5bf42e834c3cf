import t from 'tap';
import { redact, redactUrl } from '../../logger/redact.ts';
import { REDACTED } from '../../pipeline/ingest/transforms/secret-names.ts';

t.test('secrets are known by the names of their fields', async (t) => {
  const secrets = [
    'password', 'Password', 'user_password', 'passwd', 'passphrase', 'secret', 'client_secret', 'Authorization',
    'cookie', 'Set-Cookie', 'token', 'access_token', 'accessToken', 'X-Admin-Token', 'api_key', 'apiKey', 'X-Api-Key',
    'private_key', 'credentials',
  ]; // biome-ignore format: a list of words
  for (const name of secrets)
    t.same(
      redact({ [name]: 'x', at: [{ [name]: 1 }] }),
      { [name]: REDACTED, at: [{ [name]: REDACTED }] },
      name,
    );
  const others = [
    'max_tokens',
    'token_count',
    'prompt_tokens',
    'tokens',
    'tokenizer',
    'author',
    'key',
    'pass',
    'keyboard',
  ];
  for (const name of others) t.same(redact({ [name]: 'x' }), { [name]: 'x' }, name);
});

t.test('anything becomes plain JSON', async (t) => {
  const circle: Record<string, unknown> = { a: 1 };
  circle.self = circle;
  let deep: unknown = 1;
  for (let level = 0; level < 20; level++) deep = { deep };
  const cases: [name: string, value: unknown, plain: unknown][] = [
    ['null stays, undefined goes', { a: null, b: undefined }, { a: null }],
    ['an empty object', {}, {}],
    ['numbers JSON does not have', [Number.NaN, Number.POSITIVE_INFINITY], ['NaN', 'Infinity']],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['dates', [new Date(0), new Date('no')], ['1970-01-01T00:00:00.000Z', 'Invalid Date']],
    ['bytes', Buffer.from('abc'), '[3 bytes]'],
    ['a map', new Map([['a', 1]]), { a: 1 }],
    ['a circle', circle, { a: 1, self: '[circular]' }],
    ['one object twice', [circle.a, { x: {} }], [1, { x: {} }]],
    ['a null secret is no secret', { token: null }, { token: null }],
  ];
  for (const [name, value, plain] of cases) t.same(redact(value), plain, name);
  t.match(JSON.stringify(redact(deep)), /\[too deep\]/);
  t.match(redact(new TypeError('bad')), { name: 'TypeError', message: 'bad', stack: /redact\.test/ });
  t.equal(redact('x'.repeat(20), { text: 10, values: 5 }), `${'x'.repeat(10)}…[10 more]`);
  t.same(redact([1, 2, 3, 4, 5], { text: 10, values: 4 }), [1, 2, 3, '[2 more]']);
});

t.test('secrets in a URL', async (t) => {
  t.equal(redactUrl('http://h/p?a=1&token=abc&b'), `http://h/p?a=1&token=${REDACTED}&b`);
  t.equal(redactUrl('http://h/p'), 'http://h/p');
});
