import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { stripAnsi } from '../../../../pipeline/ingest/transforms/clean-text.ts';
import { LineJoiner } from '../../../../pipeline/ingest/transforms/join-lines.ts';
import { readWriterPrefix } from '../../../../pipeline/ingest/transforms/writer-prefix.ts';
import { readCases } from '../../../cases/read-cases.ts';
import { KINDS, PREFIXES } from './line-kinds.ts';

/** The long form: `FUZZ_MUTATIONS=10000`. `FUZZ_SEED` repeats a run. */
const MUTATIONS = Number(process.env.FUZZ_MUTATIONS ?? 500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const MAX_LINES = 500;
const MAX_CHARACTERS = 256 * 1024;
const ESC = '\u001b';

type Random = (below: number) => number;

/** mulberry32 */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

const TEXTS: readonly (readonly string[])[] = [
  ...Object.values(KINDS).flatMap((variants) => variants.map((variant) => variant.join('\n').split('\n'))),
  ...readCases()
    .filter(({ kind }) => kind === 'lines')
    .map(({ input }) => input.split('\n')),
];

type Mutate = (line: string, random: Random) => string | readonly string[];

const MUTATE: readonly Mutate[] = [
  (line, random) => `${PREFIXES[random(PREFIXES.length)]}${line}`,
  (line) => line.slice(readWriterPrefix(line).length),
  (line, random) => `${PREFIXES[random(PREFIXES.length)]}${line.slice(readWriterPrefix(line).length)}`,
  (line, random) => `${ESC}[${30 + random(8)}m${line}${ESC}[0m`,
  (line, random) =>
    `${line.slice(0, random(line.length + 1))}${ESC}[1m${line.slice(random(line.length + 1))}`,
  (line) => `${line}\r`,
  (line, random) => line.slice(0, random(line.length + 1)),
  (line, random) => line.slice(random(line.length + 1)),
  (line, random) => [line.slice(0, random(line.length + 1)), line.slice(random(line.length + 1))],
  () => [],
  (line) => [line, line],
  (line, random) => [line, ...TEXTS[random(TEXTS.length)]!],
  (line, random) => `2026-11-20T10:00:0${random(10)}Z ${line}`,
  (line) => line.repeat(50),
  () => '',
];

function mutate(random: Random): string[] {
  const lines = TEXTS[random(TEXTS.length)]!;
  const often = 1 + random(12);
  const prefix = random(3) === 0 ? PREFIXES[random(PREFIXES.length)]! : '';
  return lines.flatMap((line) => {
    const prefixed = prefix + line;
    return random(often) === 0 ? MUTATE[random(MUTATE.length)]!(prefixed, random) : prefixed;
  });
}

const writerOf = (line: string) =>
  readWriterPrefix(
    stripAnsi(line)
      .replace(/[\r\n]+$/, '')
      .replace(/^\0+/, ''),
  ).writer;
/** Empty, or empty behind the prefix of a rank: such a line is no event. */
const isEmpty = (line: string) => {
  const clean = stripAnsi(line)
    .replace(/^\0+/, '')
    .replace(/[\r\n]+$/, '');
  const { length, rank, writer } = readWriterPrefix(clean);
  return clean.slice(length).trim() === '' && (writer === '' || rank !== '');
};

/** What is wrong with how the lines are joined; undefined where nothing is. */
function problemOf(lines: readonly string[], endOrdinary: boolean): string | undefined {
  const joiner = new LineJoiner();
  const events = lines.flatMap((line, number) => {
    const ended = joiner.push(line);
    const open = joiner.open;
    if (open.length > 64 * MAX_LINES) throw new Error('too much is open');
    if (open.some((other, at) => other > number || other <= (open[at - 1] ?? -1))) throw new Error('open');
    return endOrdinary && number % 3 === 0 ? [...ended, ...joiner.endOrdinary()] : ended;
  });
  events.push(...joiner.flush());
  if (joiner.open.length > 0 || joiner.oldestPending !== undefined) return 'something is open at the end';
  const seen = new Set<number>();
  for (const { text, firstLine, lines: numbers } of events) {
    if (numbers[0] !== firstLine) return 'the first line is another one';
    if (numbers.length > MAX_LINES + 1 || text.length > MAX_CHARACTERS + text.split('\n').at(-1)!.length)
      return 'too long';
    const parts = numbers.map((number) => lines[number]!);
    if (text !== parts.map((line) => (line.trim() === '' && numbers.length > 1 ? '' : line)).join('\n'))
      return `the text is another one: ${text}`;
    const writers = new Set(parts.filter((line) => line.trim() !== '').map(writerOf));
    if (writers.size > 1) return `writers are joined: ${[...writers].join(' and ')}`;
    for (const [at, number] of numbers.entries()) {
      if (seen.has(number)) return `line ${number} twice`;
      if (at > 0 && number <= numbers[at - 1]!) return 'lines out of order';
      seen.add(number);
    }
  }
  const lost = lines.findIndex((line, number) => !seen.has(number) && !isEmpty(line));
  return lost < 0 ? undefined : `line ${lost} is lost: ${JSON.stringify(lines[lost])}`;
}

t.test(`${MUTATIONS} mutations: each line is in one event, and none is of two writers`, async (t) => {
  const random = createRandom(SEED);
  for (let count = 0; count < MUTATIONS; count++) {
    const lines = mutate(random);
    const problem = problemOf(lines, random(2) === 0);
    if (problem === undefined) continue;
    t.fail(`mutation ${count} of FUZZ_SEED=${SEED}: ${problem}`, { lines });
    return;
  }
  t.pass();
});

t.test('what is joined does not depend on where a file is cut between finished events', async (t) => {
  const random = createRandom(SEED);
  for (let count = 0; count < MUTATIONS / 10; count++) {
    const lines = mutate(random);
    const whole = new LineJoiner();
    const expected = [...lines.flatMap((line) => whole.push(line)), ...whole.flush()]
      .map(({ text }) => text)
      .sort();
    let joiner = new LineJoiner();
    const found: string[] = [];
    for (const line of lines) {
      found.push(...joiner.push(line).map(({ text }) => text));
      if (joiner.oldestPending === undefined) joiner = new LineJoiner();
    }
    found.push(...joiner.flush().map(({ text }) => text));
    if (!isDeepStrictEqual(found.sort(), expected)) {
      t.same(found, expected, `mutation ${count} of FUZZ_SEED=${SEED}`);
      return;
    }
  }
  t.pass();
});
