import t from 'tap';
import { RANK_PATTERN } from '../../../../pipeline/ingest/transforms/read-rank.ts';
import { readWriterPrefix } from '../../../../pipeline/ingest/transforms/writer-prefix.ts';

const ESC = '\u001b';

/** Each line as its prefix, what it names as the writer, the rank, and the rest. */
const PREFIXED: readonly (readonly [line: string, writer: string, rank: string, rest: string])[] = [
  [
    '(RayTrainWorker pid=616, ip=10.8.1.5)   File "x"',
    '(RayTrainWorker pid=616, ip=10.8.1.5)',
    '',
    '  File "x"',
  ],
  ['(pid=77) x', '(pid=77)', '', 'x'],
  ['(MapBatches(f) pid=12) x', '(MapBatches(f) pid=12)', '', 'x'],
  ['(raylet) x', '(raylet)', '', 'x'],
  ['(raylet, ip=10.0.0.1) x', '(raylet, ip=10.0.0.1)', '', 'x'],
  ['(autoscaler +1m2s) x', '(autoscaler +1m2s)', '', 'x'],
  ['(VllmWorker rank=1 pid=7) x', '(VllmWorker rank=1 pid=7)', '1', 'x'],
  ['(Worker_TP3 pid=7) x', '(Worker_TP3 pid=7)', '3', 'x'],
  ['(Worker_TP3_EP3 pid=7) x', '(Worker_TP3_EP3 pid=7)', '3', 'x'],
  ['(Worker_PP0_TP1 pid=7) x', '(Worker_PP0_TP1 pid=7)', '', 'x'],
  ['(EngineCore_DP0 pid=9) (Worker_TP1 pid=7) x', '(EngineCore_DP0 pid=9) (Worker_TP1 pid=7)', '1', 'x'],
  ['[default3]:  File "x"', '[default3]:', '3', '  File "x"'],
  ['[default3]: x', '[default3]:', '3', 'x'],
  ['[default3]:', '[default3]:', '3', ''],
  ['[trainer1]:x', '[trainer1]:', '1', 'x'],
  ['[default3]:[rank11]: x', '[default3]:[rank11]:', '11', 'x'],
  ['[rank3]:   File "x"', '[rank3]:', '3', '  File "x"'],
  ['[rank3]:[E1201 00:00:00 a.cpp:1] x', '[rank3]:', '3', '[E1201 00:00:00 a.cpp:1] x'],
  ['[rank: 12] Seed', '[rank: 12]', '12', 'Seed'],
  ['[Rank 3] x', '[Rank 3]', '3', 'x'],
  ['[rank0]: [Rank 3] x', '[rank0]:', '0', '[Rank 3] x'],
  ['rank3: x', 'rank3:', '3', 'x'],
  ['0: x', '0:', '0', 'x'],
  ['0:   File "x"', '0:', '0', '  File "x"'],
  ['127: x', '127:', '127', 'x'],
  [' 3: x', '3:', '3', 'x'],
  ['  3: x', '3:', '3', 'x'],
  ['3: ', '3:', '3', ''],
  ['3: 0', '3:', '3', '0'],
  ['3: 0.5', '3:', '3', '0.5'],
  ['0: [default3]:[rank11]: x', '0: [default3]:[rank11]:', '11', 'x'],
  ['0: (Trainer pid=1) x', '0: (Trainer pid=1)', '0', 'x'],
  ['[1,3]<stderr>:  File "x"', '[1,3]<stderr>:', '3', '  File "x"'],
  ['[prterun-gpu3-12@1,3]<stdout>: x', '[prterun-gpu3-12@1,3]<stdout>:', '3', 'x'],
  ['[3]<stderr>:x', '[3]<stderr>:', '3', 'x'],
  ['[3] x', '[3]', '3', 'x'],
  ['[0] 2026-11-30 10:00:00 x', '[0]', '0', '2026-11-30 10:00:00 x'],
  ['[gpu3:04711] *** x', '[gpu3:04711]', '', '*** x'],
  ['web-1  | x', 'web-1  |', '', 'x'],
  ['web-1  |', 'web-1  |', '', ''],
  ['web_1  | [rank2]: x', 'web_1  | [rank2]:', '2', 'x'],
  ['0|api  | x', '0|api  |', '', 'x'],
  ['app.1.x7@gpu3    | x', 'app.1.x7@gpu3    |', '', 'x'],
  ['[pod/app-0/main] x', '[pod/app-0/main]', '', 'x'],
];

/** Lines that begin with something of the kind and have no prefix. */
const PLAIN = [
  '',
  ' ',
  'x',
  '2026-11-30 10:00:00 x',
  '10:00:00 x',
  '12:x',
  '   3: rust_begin_unwind',
  '  10: rust_begin_unwind',
  '    0: no such file',
  ' 1: 0xb78db3 node::OOMErrorHandler() [node]',
  '10: 0x195e476  [node]',
  '[1] "a"',
  '[1] 0.5 0.7',
  '[1] -3',
  '[2026-06-18] x',
  '[main.go:12] x',
  '[gpu3:04711:0:04711] Caught signal 11',
  '[ 12.345678] usb 1-1: new device',
  '[rank] x',
  '[eth0]: up',
  '(node:12) Warning: x',
  '(see pid 7) x',
  'INFO  | x',
  '2026-11-30 10:00:00.123 | INFO | x',
  'a|b',
  '| a | b |',
  'Ranking: x',
  'the [rank1] in a text',
];

t.test('prefixes and what they name', async (t) => {
  for (const [line, writer, rank, rest] of PREFIXED) {
    const prefix = readWriterPrefix(line);
    t.same([prefix.writer, prefix.rank, line.slice(prefix.length)], [writer, rank, rest], line);
  }
  for (const line of PLAIN) t.same(readWriterPrefix(line), { length: 0, writer: '', rank: '' }, line);
});

t.test('colours around a prefix and in it', async (t) => {
  for (const line of [
    `${ESC}[36m(Trainer pid=7)${ESC}[0m   File`,
    `${ESC}[36m(${ESC}[1mTrainer${ESC}[0m pid=7)${ESC}[0m   File`,
    `(${ESC}[1mTrainer pid=7${ESC}[0m)   File`,
  ]) {
    const { length, writer } = readWriterPrefix(line);
    t.equal(writer, '(Trainer pid=7)', line);
    t.equal(line.slice(length), '  File', line);
  }
  const nested = `${ESC}[36m(A pid=7)${ESC}[0m ${ESC}[33m(B pid=8)${ESC}[0m ${ESC}[31mred`;
  t.equal(nested.slice(readWriterPrefix(nested).length), `${ESC}[31mred`);
  t.equal(readWriterPrefix(`${ESC}[33mweb-1  | ${ESC}[0mx`).writer, 'web-1  |');
  t.equal(readWriterPrefix(`[${ESC}[1mrank2${ESC}[0m]: x`).rank, '2');
  t.equal(readWriterPrefix(`${ESC}[31m`.repeat(1000)).length, 0);
});

t.test('the pattern of queries reads the same rank', async (t) => {
  const pattern = new RegExp(RANK_PATTERN);
  const read = (line: string) => (pattern.exec(line) ?? []).slice(1).join('');
  for (const [line, , rank] of PREFIXED) t.equal(read(line), rank, line);
  for (const line of PLAIN) t.equal(read(line), '', line);
});
