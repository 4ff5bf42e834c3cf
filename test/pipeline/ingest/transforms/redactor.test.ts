import { runInNewContext } from 'node:vm';
import t from 'tap';
import { createRedaction } from '../../../../control-plane/features/rules/redaction.ts';
import { NO_RULES, parseRules } from '../../../../control-plane/features/rules/rules-file.ts';
import { parseEntry } from '../../../../pipeline/ingest/sources/json-body.ts';
import type { SourceEntry } from '../../../../pipeline/ingest/sources/source-entry.ts';
import { redactText } from '../../../../pipeline/ingest/transforms/redact-text.ts';
import { NO_SECRETS, PLANTED_SECRETS } from '../../../planted-secrets.ts';

const redaction = createRedaction(NO_RULES.redaction);
const entryOf = (value: object) => parseEntry(JSON.stringify(value)) as SourceEntry;

t.test('secrets of every form are found wherever they stand', async (t) => {
  for (const { form, text, secret } of PLANTED_SECRETS) {
    const before = new Map(redaction.counts);
    const ways: Record<string, string> = {
      text: redaction.text(text),
      message: redaction.entry(entryOf({ message: text })).text,
      nested: redaction.entry(entryOf({ a: [{ b: text }], n: 1.0 })).text,
      'a line in a line': redaction.entry(entryOf({ log: JSON.stringify({ msg: text, n: 1 }) })).text,
      key: redaction.entry(entryOf({ [text]: 1 })).text,
      'a broken line': redaction.text(JSON.stringify({ message: text }).slice(0, -2)),
      logger: redactText(text),
    };
    for (const [way, redacted] of Object.entries(ways)) {
      const plain = way === 'text' || way === 'logger' ? redacted : redacted.replaceAll('\\', '');
      t.notOk(
        [secret, JSON.stringify(secret).slice(1, -1), secret.replaceAll('\n', 'n')].some((part) =>
          plain.includes(part),
        ),
        `${form} in ${way}: ${redacted}`,
      );
    }
    t.ok(
      [...redaction.counts].some(([name, count]) => count > (before.get(name) ?? 0)),
      `${form} is counted`,
    );
  }
  t.same(
    [...new Set(PLANTED_SECRETS.map(({ form }) => form))].filter((form) => !redaction.counts.has(form)),
    [],
    'each form was found by itself',
  );
});

t.test('what looks alike stays as it was sent', async (t) => {
  for (const text of NO_SECRETS) {
    t.equal(redaction.text(text), text);
    const entry = entryOf({ message: text });
    t.equal(redaction.entry(entry), entry, text);
  }
});

t.test('fields with the name of a secret lose their value, all else stays as it was written', async (t) => {
  const text =
    '{"password" : 12345, "a":1.0,"db":{"api_key":{"id":"x"},"n":1e3,"max_tokens":5},"token":" hello","token ":0,' +
    '"secret":null,"cookie":"","access_token":"abcd1234efgh","big":12345678901234567890}';
  const { text: redacted, fields } = redaction.entry(parseEntry(text) as SourceEntry);
  t.equal(
    redacted,
    '{"password" : "[REDACTED]", "a":1.0,"db":{"api_key":"[REDACTED]","n":1e3,"max_tokens":5},"token":" hello","token ":0,' +
      '"secret":null,"cookie":"","access_token":"[REDACTED]","big":12345678901234567890}',
  );
  t.equal(fields.password, '[REDACTED]');
});

t.test('escaped letters hide nothing', async (t) => {
  const entry = parseEntry('{"message":"\\u0067hp_aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fLaB3d"}') as SourceEntry;
  t.equal(redaction.entry(entry).fields.message, '[REDACTED]');
});

t.test('the lines of a key are known also where each is shipped alone', async (t) => {
  const [, key] = /KEY-----\n([^-]+)\n-----END/.exec(PLANTED_SECRETS[0]!.text)!;
  const lines = [
    'before',
    '-----BEGIN RSA PRIVATE KEY-----',
    ...key!.split('\n'),
    '-----END RSA PRIVATE KEY-----',
    key!.slice(0, 64),
  ];
  const shipped = lines.map((log) =>
    redaction.keyBlocks.use(
      'agent',
      'file',
      new Map(),
      (block) => redaction.entry(entryOf({ log, id: '9f86d081884c7d659a2feaa0c55ad015' }), block).fields,
    ),
  );
  t.same(
    shipped.map(({ log }) => log),
    ['before', '[REDACTED]', '[REDACTED]', '[REDACTED]', '[REDACTED]', lines.at(-2), lines.at(-1)],
  );
  t.ok(shipped.every(({ id }) => id === '9f86d081884c7d659a2feaa0c55ad015'));
});

t.test('what is no secret stays', async (t) => {
  const R = '[REDACTED]';
  for (const [text, expected] of [
    ['before Authorization: Bearer TOKEN after', `before Authorization: Bearer ${R} after`],
    ['before authorization: bearer abc.def-123 after', `before authorization: bearer ${R} after`],
    ['a Proxy-Authorization: Basic dXNlcjpwYXNz b', `a Proxy-Authorization: Basic ${R} b`],
    ['a Authorization: Basic dXNlcjpwYXNzd29yZA== b', `a Authorization: Basic ${R} b`],
    ['a Authorization=abcd1234efgh b', `a Authorization=${R} b`],
    ['a Authorization: hunter2 b', `a Authorization: ${R} b`],
    ['a Authorization: Custom abcd1234efgh b', `a Authorization: Custom ${R} b`],
    [
      "curl -H 'Authorization: Bearer TOKEN' https://host/x",
      `curl -H 'Authorization: Bearer ${R}' https://host/x`,
    ],
    ['{"Authorization":"Bearer TOKEN x","n":1} after', `{"Authorization":"${R}","n":1} after`],
    ["{'authorization': 'Token abc', 'n': 1} after", `{'authorization': '${R}', 'n': 1} after`],
    [
      'Authorization: Bearer TOKEN, X-Request-Id: 7, took 5 ms',
      `Authorization: Bearer ${R}, X-Request-Id: 7, took 5 ms`,
    ],
    [
      'Authorization: Digest username="Mufasa", realm="x", response="6629fae4" status=401',
      `Authorization: Digest ${R} status=401`,
    ],
    [
      'Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us/iam/aws4_request, SignedHeaders=host;x, Signature=5d67 after',
      `Authorization: AWS4-HMAC-SHA256 ${R} after`,
    ],
    ['GET /a Cookie: theme=dark; sid=s3cr3t; a="b c" took 5 ms', `GET /a Cookie: ${R} took 5 ms`],
    [
      'Set-Cookie: sid=abc; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/; HttpOnly; Secure (200)',
      `Set-Cookie: ${R} (200)`,
    ],
    ['Cookie: sid=abc, status=200', `Cookie: ${R}, status=200`],
    ['cookie=abc&next=y', `cookie=${R}&next=y`],
    [
      'Authorization: Bearer A1 Cookie: b=c password=d end',
      `Authorization: Bearer ${R} Cookie: ${R} password=${R} end`,
    ],
    ['password=x&next=y', `password=${R}&next=y`],
    [
      'POST /login?user=a&password=x&token=abcd1234efgh&next=/home done',
      `POST /login?user=a&password=${R}&token=${R}&next=/home done`,
    ],
    ['password: "a b", user: "c"', `password: "${R}", user: "c"`],
    ['password=a, user=b; secret=c12345678 (d)', `password=${R}, user=b; secret=${R} (d)`],
    ['dial postgres://app:pw@db:5432/prod?x=1 failed', `dial postgres://app:${R}@db:5432/prod?x=1 failed`],
    ['http://a:b@c/ and http://d:e@f/', `http://a:${R}@c/ and http://d:${R}@f/`],
    ['key AKIAQ7RS3TUV2WXY5ZAB was used', `key ${R} was used`],
    ['got Basic dXNlcjpwYXNzd29yZA== from 10.0.0.1', `got Basic ${R} from 10.0.0.1`],
    [`jwt eyJ${'a'.repeat(9)}.eyJ${'b'.repeat(9)}.c of user 7`, `jwt ${R} of user 7`],
    ['Authorization: Bearer TOKEN\nnext line', `Authorization: Bearer ${R}\nnext line`],
  ] as const) {
    t.equal(redaction.text(text), expected);
    t.equal(redactText(text), expected, 'the logger');
    t.equal(redaction.entry(entryOf({ message: text })).fields.message, expected, 'in a record');
  }
});

t.test('a line within a line stays one that can be read', async (t) => {
  const { fields } = redaction.entry(
    entryOf({ log: '{"password":12345,"level":"warn","msg":"token=abcd1234efgh x"}' }),
  );
  t.same(JSON.parse(fields.log as string), {
    password: '[REDACTED]',
    level: 'warn',
    msg: 'token=[REDACTED] x',
  });
});

t.test('rules add forms, fields and patterns, and take forms away', async (t) => {
  const rules = parseRules(`
redaction:
  forms: { email: true, card: true, aws_key: false }
  fields: [ssn]
  rules:
    - { name: badge, pattern: 'EMP-\\d{6}', contains: EMP- }
    - { name: odd, pattern: 'x{3}y' }
`).redaction;
  const custom = createRedaction(rules);
  const message = `to a.b@example.org from EMP-123456, 4111 1111 1111 1111, xxxy, ssn=123-45, AKIA${'Q7RS3TUV2WXY5ZAB'}`;
  t.equal(
    custom.entry(entryOf({ message, SSN: '1' })).text,
    JSON.stringify({
      message: `to [REDACTED] from [REDACTED], [REDACTED], [REDACTED], ssn=[REDACTED], AKIA${'Q7RS3TUV2WXY5ZAB'}`,
      SSN: '[REDACTED]',
    }),
  );
  t.same(Object.fromEntries(custom.counts), { email: 1, card: 1, assignment: 1, badge: 1, odd: 1, field: 1 });
  t.equal(custom.text('4111 1111 1111 1112'), '4111 1111 1111 1112', 'no card number');
  const off = createRedaction(false);
  t.equal(off.text('password=hunter2'), 'password=hunter2');
});

/** The result of work of milliseconds. @throws Error where it is not done long after, as where it grows with the square of a text */
function withinBound<T>(work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: 20_000 });
}

t.test('texts made to be slow are not, and are redacted to their end', async (t) => {
  const size = 200_000;
  const evil = [
    'eyJ-',
    'a',
    '://a:',
    '://',
    'password',
    'password="',
    '\\',
    '-----BEGIN PRIVATE KEY-----',
    'token',
    '@',
    'a@',
    'a.',
    'Bearer ',
    'Authorization: ',
    'Authorization: Digest a="',
    'Authorization: Digest a=b, ',
    'Cookie: a=b; ',
    'Cookie: a="',
    'Cookie: a',
    '--a',
    '1 ',
  ];
  const forms = createRedaction(parseRules('redaction: { forms: { email: true, card: true } }').redaction);
  for (const piece of evil) {
    const text = `${piece.repeat(size / piece.length)}@ password=hunter2`;
    t.doesNotThrow(() => {
      t.notMatch(
        withinBound(() => forms.text(text)),
        'hunter2',
        piece,
      );
      t.notMatch(
        withinBound(() => forms.entry(entryOf({ message: text })).text),
        'hunter2',
        piece,
      );
    }, piece);
  }
});
