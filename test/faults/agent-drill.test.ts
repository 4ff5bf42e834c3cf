import t from 'tap';
import { withoutFluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillAgent, FAULTS } from './agent-drill.ts';

/** The long forms are `npm run drills`. They wait more than they work, so all of them run at once. */
t.jobs = 5;
for (const [name, every] of [
  ['kill -9 of Fluent Bit', 2],
  ['server killed', 2],
  ['rotation by rename', 2],
  ['rotation by copy and truncate', 2],
  ['hot reload', 2],
] as const) {
  t.test(
    `${name} under load loses nothing and repeats nothing`,
    { skip: withoutFluentBit, buffered: true },
    async (t) => {
      const result = await drillAgent({
        folder: temporaryFolder(),
        seconds: 4,
        linesPerSecond: 1_000,
        every,
        fault: FAULTS[name]!,
      });
      t.match(result, { lost: 0, twice: 0 }, `${result.written} lines, ${result.faults} times`);
      t.ok(result.faults >= 1 && result.written > 3_000);
    },
  );
}
