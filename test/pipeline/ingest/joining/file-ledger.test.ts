import { join } from 'node:path';
import t from 'tap';
import { FileLedger, nameOfFile } from '../../../../pipeline/ingest/joining/file-ledger.ts';
import { Chance } from '../../../chance.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

const LINE = 100;
const PATH = '/var/log/a.log';
const SECOND = 1_000;

/** A file on a machine whose lines are shipped, or lost, and what its agent reports. */
function createMachine(ledger = new FileLedger(), machineId = 'm') {
  let now = 1_000_000_000;
  const state = { inode: 1, size: 0, startedAt: 0, dropped: 0 };
  const truncated: { path: string; inode: string; size: number }[] = [];
  const gone: { path: string; inode: string; size: number }[] = [];
  const fileNow = () => ({ path: PATH, inode: String(state.inode), size: state.size });
  return {
    state,
    wait: (ms: number) => {
      now += ms;
      ledger.expire(now);
    },
    /** Writes lines, which come in one request. */
    ship(lines: number, bytes = LINE) {
      const file = ledger.fileOf(nameOfFile(machineId, PATH), now);
      let before: number | undefined;
      for (let line = 0; line < lines; line++) {
        const to = state.size + bytes;
        file.place({ from: state.size, to }, before, 0, now);
        before = to;
        state.size = to;
      }
    },
    /** Writes lines that never come. */
    lose(lines: number) {
      state.size += lines * LINE;
    },
    /** A line of which its shipper sends the beginning alone. */
    cut(bytes: number) {
      const file = ledger.fileOf(nameOfFile(machineId, PATH), now);
      file.place({ from: state.size, to: state.size + 64_000 }, undefined, 0, now);
      state.size += bytes;
    },
    truncate() {
      truncated.push(fileNow());
      state.size = 0;
    },
    rotate() {
      gone.push({ ...fileNow(), path: `${PATH}.1` });
      state.inode++;
      state.size = 0;
    },
    report(isRotatedOpen = false) {
      now += SECOND;
      const files = [...(isRotatedOpen ? gone : []), fileNow()];
      const counts = { 'full disk': state.dropped };
      ledger.addReport(
        machineId,
        { files, truncated: truncated.splice(0), counts, startedAt: state.startedAt },
        now,
      );
    },
    holes: () => ledger.report(machineId).flatMap((file) => file.holes),
    file: () => ledger.report(machineId)[0]!,
  };
}

t.test(
  'nothing is missing of a file that is written, truncated, rotated and restarted without a loss',
  async (t) => {
    const machine = createMachine();
    for (let round = 0; round < 20; round++) {
      machine.ship(5);
      machine.report();
      if (round % 3 === 0) machine.truncate();
      if (round % 3 === 1) {
        machine.rotate();
        machine.report(true);
      }
      if (round % 3 === 2) machine.state.startedAt += 60_000;
      machine.report();
      machine.wait(200 * SECOND);
    }
    t.same(machine.holes(), []);
    t.equal(machine.file().bytes_stored, 20 * 5 * LINE);
    t.equal(machine.file().bytes_written, 20 * 5 * LINE);
  },
);

const KINDS = {
  truncation(machine: ReturnType<typeof createMachine>, lines: number) {
    const from = machine.state.size;
    machine.lose(lines);
    machine.report();
    machine.truncate();
    machine.report();
    machine.ship(2);
    return from;
  },
  rotation(machine: ReturnType<typeof createMachine>, lines: number) {
    const from = machine.state.size;
    machine.lose(lines);
    machine.report();
    machine.rotate();
    machine.report(true);
    machine.ship(2);
    machine.report();
    return from;
  },
  kill(machine: ReturnType<typeof createMachine>, lines: number) {
    const from = machine.state.size;
    machine.lose(lines);
    machine.state.startedAt += 60_000;
    machine.report();
    machine.ship(2);
    return from;
  },
  'full disk'(machine: ReturnType<typeof createMachine>, lines: number) {
    const from = machine.state.size;
    machine.lose(lines);
    machine.state.dropped += lines;
    machine.ship(2);
    machine.report();
    return from;
  },
  'skipped line'(machine: ReturnType<typeof createMachine>, lines: number) {
    const from = machine.state.size + 64_000;
    machine.cut(64_000 + lines * LINE);
    machine.ship(2);
    return from;
  },
};

t.test('a hundred holes are named, each with its range and cause', async (t) => {
  const chance = new Chance(99);
  for (const [reason, plant] of Object.entries(KINDS)) {
    for (let round = 0; round < 20; round++) {
      const machine = createMachine();
      machine.ship(1 + chance.below(20));
      machine.report();
      machine.wait(200 * SECOND);
      const lines = 1 + chance.below(50);
      const from = plant(machine, lines);
      machine.ship(3);
      machine.wait(100 * SECOND);
      t.match(machine.holes(), [{ from, to: from + lines * LINE, reason }], `${reason} ${round}`);
      const { bytes_written, bytes_stored } = machine.file();
      t.equal(bytes_written - bytes_stored, lines * LINE);
    }
  }
});

t.test('what comes late is no hole', async (t) => {
  const ledger = new FileLedger();
  const file = ledger.fileOf(nameOfFile('m', PATH), 0);
  file.place({ from: 0, to: 100 }, undefined, 0, 0);
  file.place({ from: 300, to: 400 }, undefined, 0, 0);
  ledger.expire(80 * SECOND);
  t.same(ledger.report()[0]!.holes, []);
  t.match(ledger.report()[0], { bytes_written: 400, bytes_stored: 200 });
  ledger.expire(100 * SECOND);
  t.match(ledger.report()[0]!.holes, [{ from: 100, to: 300, reason: 'unknown' }]);
  file.place({ from: 100, to: 300 }, undefined, 0, 0);
  t.match(ledger.report()[0], { bytes_stored: 400, holes: [] });
});

t.test('a file that was renamed goes on under its new name', async (t) => {
  const ledger = new FileLedger();
  const place = (path: string, from: number, to: number) =>
    ledger.fileOf(nameOfFile('m', path), 0).place({ from, to }, undefined, 0, 0);
  const report = (...files: { path: string; inode: string; size: number }[]) =>
    ledger.addReport('m', { files, truncated: [], counts: {}, startedAt: 0 }, 0);
  place('/a', 0, 100);
  report({ path: '/a', inode: '1', size: 300 });
  place('/a.1', 100, 300);
  place('/a', 0, 50);
  report({ path: '/a.1', inode: '1', size: 300 }, { path: '/a', inode: '2', size: 50 });
  report({ path: '/a', inode: '2', size: 50 });
  ledger.expire(200 * SECOND);
  t.same(
    ledger
      .report()
      .map(({ file_path, bytes_written, bytes_stored, holes }) => [
        file_path,
        bytes_written,
        bytes_stored,
        holes,
      ]),
    [
      ['/a', 150, 150, []],
      ['/a.1', 200, 200, []],
    ],
  );
});

t.test('the ledger is the same behind a restart, and holes are reported once', async (t) => {
  const path = join(temporaryFolder(), 'ledger');
  const ledger = new FileLedger();
  const machine = createMachine(ledger);
  machine.ship(3);
  machine.report();
  KINDS.truncation(machine, 5);
  machine.wait(100 * SECOND);
  t.match(ledger.takeUnreported(10), [{ machine_id: 'm', file_path: PATH, from: 300, to: 800 }]);
  await ledger.saveTo(path);
  const again = new FileLedger();
  await again.loadFrom(path);
  t.same(again.report(), ledger.report());
  t.same(again.takeUnreported(10), []);
});

t.test('the ledger is bounded', async (t) => {
  const ledger = new FileLedger();
  for (let file = 0; file < 20_100; file++)
    ledger.fileOf(nameOfFile('m', `/${file}`), 0).place({ from: 0, to: 10 }, undefined, 0, 0);
  t.equal(ledger.size, 20_000);
  const file = ledger.fileOf(nameOfFile('m', '/holes'), 0);
  for (let hole = 0; hole < 1_000; hole++)
    file.place({ from: hole * 1_000, to: hole * 1_000 + 100 }, undefined, 0, 0);
  ledger.expire(100 * SECOND);
  const { holes } = ledger.report().find(({ file_path }) => file_path === '/holes')!;
  t.ok(holes.length <= 64);
  t.match([holes[0]!.from, holes.at(-1)!.to], [100, 999_000]);
});

t.test('what a collector of the server reads is in it as well', async (t) => {
  const ledger = new FileLedger();
  const name = nameOfFile('here', PATH);
  ledger.addCollected(name, { content: 'a', from: 0, to: 100 }, 0);
  // Blank lines were passed over.
  ledger.addCollected(name, { content: 'a', from: 150, to: 200 }, 0);
  ledger.addLost(name, { content: 'a', from: 200, to: 260 }, 0);
  ledger.addCollected(name, { content: 'b', from: 0, to: 50 }, 0);
  t.match(ledger.report('here'), [
    {
      file_path: PATH,
      bytes_written: 310,
      bytes_stored: 250,
      holes: [{ from: 200, to: 260, reason: 'truncation', generation: 1 }],
    },
  ]);
});
