import t from 'tap';
import { LogBlock } from '../../../pipeline/store/log-block.ts';
import { plainRecord } from '../../plain-record.ts';

t.test('a block is used again, but for one that holds much memory, whatever field it is for', async (t) => {
  const usual = LogBlock.take();
  usual.add(plainRecord({ message: 'short' }));
  usual.release();
  t.equal(LogBlock.take(), usual);

  const long = 'x'.repeat(2_000_000);
  for (const field of ['message', 'trace_id', 'file_path'] as const) {
    const block = LogBlock.take();
    block.add(plainRecord({ [field]: long }));
    block.release();
    t.not(LogBlock.take(), block, field);
  }
});
