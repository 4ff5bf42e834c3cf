import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillStream } from './stream-drill.ts';

const size = { requests: 24, recordsPerRequest: 700 };

t.test('a connection that is cut again and again loses nothing and gets nothing twice', async (t) => {
  const result = await drillStream({
    ...size,
    folder: temporaryFolder(),
    cutAfter: (events) => events === 1_100,
  });
  t.match(result, { sent: 16_800, lost: 0, twice: 0 });
  t.ok(result.connections > 15, `${result.connections} connections`);
});

t.test('nor does one whose server is killed in the middle', async (t) => {
  const result = await drillStream({
    ...size,
    folder: temporaryFolder(),
    cutAfter: (events) => events === 3_001,
    killBefore: 12,
  });
  t.match(result, { sent: 16_800, lost: 0, twice: 0 });
});
