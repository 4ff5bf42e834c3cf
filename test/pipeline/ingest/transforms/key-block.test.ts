import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import {
  closedBlock,
  MAX_KEY_RECORDS,
  redactKeys,
} from '../../../../pipeline/ingest/transforms/key-block.ts';
import { REDACTED } from '../../../../pipeline/ingest/transforms/secret-names.ts';

/** Reads texts one after the other, as those of one stream. */
function stream() {
  const block = closedBlock();
  return (text: string) => {
    if (block.records > 0) block.records--;
    return redactKeys(text, block, () => REDACTED);
  };
}

const rsa = (bits: number) =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey.trim();
const ec = (
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'sec1',
    format: 'pem',
  }) as string
).trim();
const encrypted = (
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string
).trim();
/** Base64 of random bytes in lines of one width, as other programs write keys. */
function armoured(label: string, width: number, headers: readonly string[], checksum?: string): string {
  const body = rsa(2048).split('\n').slice(1, -1).join('');
  const lines = body.match(new RegExp(`.{1,${width}}`, 'g'))!;
  return [
    `-----BEGIN ${label}-----`,
    ...headers,
    ...lines,
    ...(checksum ? [checksum] : []),
    `-----END ${label}-----`,
  ].join('\n');
}
const KEYS: Record<string, string> = {
  'RSA 2048': rsa(2048),
  'RSA 4096': rsa(4096),
  EC: ec,
  'encrypted RSA': encrypted,
  OPENSSH: armoured('OPENSSH PRIVATE KEY', 70, []),
  PGP: armoured('PGP PRIVATE KEY BLOCK', 64, ['Version: GnuPG v2', 'Comment: of mine', ''], '=aB3d'),
};
/** Lines of a key's body, without headers. */
const bodyOf = (key: string) =>
  key.split('\n').filter((line) => line !== '' && !line.startsWith('-----') && !line.includes(': '));

for (const [what, key] of Object.entries(KEYS)) {
  const lines = key.split('\n');
  const body = bodyOf(key);
  const leaks = (text: string) => body.filter((line) => text.includes(line));

  t.test(`${what}, line by line`, async (t) => {
    const ways: Record<string, (line: string) => string> = {
      plain: (line) => line,
      CRLF: (line) => `${line}\r`,
      indented: (line) => `      ${line}`,
      quoted: (line) => `"${line}",`,
      'with an escaped line end': (line) => `'${line}\\n'`,
      'behind a prefix': (line) => `2026-11-30 20:00:00,123 INFO [rank0] main.py:7: ${line}`,
      'with a time alone': (line) => `2026-11-30T20:00:00Z ${line}`,
    };
    for (const [way, write] of Object.entries(ways)) {
      const read = stream();
      const shipped = ['before', ...lines.map(write), 'after', 'A'.repeat(8) + body[0]!.slice(8)].map(read);
      t.same(
        leaks(shipped.slice(0, -1).join('\n')).filter((line) => line.length > 20),
        [],
        way,
      );
      t.equal(shipped[0], 'before');
      t.equal(shipped.at(-2), 'after');
      t.notMatch(shipped.at(-1), REDACTED, `${way}: behind the END all stays`);
    }
    const read = stream();
    t.same(leaks(lines.map(read).join('\n')), [], 'plain: also the short last line');
  });

  t.test(`${what}, in one text`, async (t) => {
    const whole = stream();
    t.equal(whole(`a\n${key}\nb`), `a\n${REDACTED}\nb`);
    for (const [way, text] of Object.entries({
      CRLF: key.replaceAll('\n', '\r\n'),
      escaped: key.replaceAll('\n', '\\n'),
      'escaped twice': key.replaceAll('\n', '\\\\n'),
      'one line': key.replaceAll('\n', ' '),
      indented: key.replaceAll('\n', '\n    '),
    })) {
      const read = stream();
      t.equal(read(`key: "${text}" is set`), `key: "${REDACTED}" is set`, way);
      const cut = read(`key: "${text.slice(0, text.length - 60)}`);
      t.same(
        leaks(cut).filter((line) => line.length > 20),
        [],
        `${way}, cut off`,
      );
      t.match(cut, 'key: "');
    }
    t.equal(whole(`x ${key} y ${key} z`), `x ${REDACTED} y ${REDACTED} z`, 'two of them');
  });

  t.test(`${what}, some lines in each text`, async (t) => {
    for (const size of [2, 3, 7]) {
      const read = stream();
      const texts: string[] = [];
      const all = ['before', ...lines, 'after'];
      for (let from = 0; from < all.length; from += size) texts.push(all.slice(from, from + size).join('\n'));
      const shipped = texts.map(read).join('\n');
      t.same(leaks(shipped), []);
      t.match(shipped, /^before\n.*\nafter$/s);
    }
  });
}

t.test('headers and what another program writes between the lines stay', async (t) => {
  const read = stream();
  const lines = encrypted.split('\n');
  const shipped = lines.flatMap((line) => [line, 'step 5 of 9: loss=0.31']).map(read);
  t.match(shipped.join('\n'), 'Proc-Type: 4,ENCRYPTED');
  t.equal(shipped.filter((line) => line === 'step 5 of 9: loss=0.31').length, lines.length);
  t.same(
    bodyOf(encrypted).filter((line) => shipped.includes(line)),
    [],
  );
});

t.test('a BEGIN without END does not go on for ever', async (t) => {
  const long = 'aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fLaB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL';
  const begin = '-----BEGIN PRIVATE KEY-----';
  const ordinary = stream();
  t.equal(ordinary(begin), REDACTED);
  for (let i = 0; i < 9; i++) t.equal(ordinary(`request ${i} took 5 ms`), `request ${i} took 5 ms`);
  t.equal(ordinary(long), long, 'nine lines in a row that are none of a key');
  const endless = stream();
  endless(begin);
  for (let i = 1; i < MAX_KEY_RECORDS; i++) t.equal(endless(long), REDACTED, { quiet: true });
  t.equal(endless(long), long, 'as many records as no key has');
  const other = stream();
  other(begin);
  other('-----BEGIN CERTIFICATE-----');
  t.equal(other(long), long, 'another block');
});

t.test('text around a BEGIN that no key follows stays', async (t) => {
  const read = stream();
  t.equal(
    read('expected -----BEGIN PRIVATE KEY----- at the head of /etc/key.pem, got nothing'),
    `expected ${REDACTED} at the head of /etc/key.pem, got nothing`,
  );
  const text = '-----BEGIN CERTIFICATE-----\nMIIBaB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL\n-----END CERTIFICATE-----';
  t.equal(stream()(text), text);
  t.equal(stream()('-----BEGIN PUBLIC KEY-----'), '-----BEGIN PUBLIC KEY-----');
});

t.test('words, numbers, hashes and paths between the lines stay', async (t) => {
  const read = stream();
  read('-----BEGIN PRIVATE KEY-----');
  for (const line of [
    'done',
    'internationalization',
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '1795182300000000000000',
    'open /usr/local/lib/python3/dist-packages/torch/nn.py',
  ]) {
    t.equal(read(line), line);
  }
});

t.test('texts made to be slow are not', async (t) => {
  for (const piece of [
    '-----BEGIN PRIVATE KEY-----',
    '\\',
    '+',
    'aB3 ',
    'aB3dE5gH7jK9mN2pQ4sT ',
    'A',
    '"',
    '-----',
    '\n',
    '\\n',
    '= ',
    '=aB3d',
  ]) {
    const read = stream();
    read('-----BEGIN PRIVATE KEY-----');
    t.type(read(piece.repeat(400_000 / piece.length)), 'string', piece);
  }
});
