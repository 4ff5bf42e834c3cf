import t from 'tap';
import { parseRules } from '../../../../control-plane/features/rules/rules-file.ts';
import { createSampler } from '../../../../control-plane/features/rules/sampler.ts';
import { sampleRateOf } from '../../../../pipeline/record/sample-rate.ts';
import { LEVELS } from '../../../../pipeline/record/severity.ts';
import { plainRecord } from '../../../plain-record.ts';

const { sampling } = parseRules(
  `
sampling:
  - { query: 'service:proxy', keep_one_in: 10 }
  - { query: 'service:trace', keep_one_in: 4, by: trace_id }
  - { query: '*', keep_one_in: 2 }
`.replace("'*'", "'service:*'"),
);

t.test('one of so many is kept, and says for how many it stands', async (t) => {
  let draw = 0;
  const { sample, dropped } = createSampler(sampling, () => (draw++ % 10) / 10);
  const records = Array.from({ length: 100 }, (_, index) =>
    plainRecord({ service: 'proxy', message: `${index}` }),
  );
  const kept = records.map(sample).filter((record) => record !== undefined);
  t.equal(kept.length, 10);
  t.ok(kept.every((record) => sampleRateOf(record) === 10));
  t.same(JSON.parse(kept[0]!.attributes), { 'logplane.sample_rate': 10 });
  t.same(dropped, [90, 0, 0]);
  t.equal(sample(plainRecord({ service: '' }))!.attributes, '{}', 'a record of no rule is kept as it is');
});

t.test('warnings and errors are always kept', async (t) => {
  const { sample } = createSampler(sampling, () => 0.99);
  t.same(
    LEVELS.filter((level) => sample(plainRecord({ service: 'proxy', level })) !== undefined),
    ['warn', 'error', 'fatal'],
  );
});

t.test('records of one trace stay together, and traces are kept in their share', async (t) => {
  const { sample } = createSampler(sampling, () => {
    throw new Error('nothing is to be drawn');
  });
  let kept = 0;
  for (let trace = 0; trace < 4_000; trace++) {
    const lines = [1, 2, 3].map((line) =>
      sample(plainRecord({ service: 'trace', trace_id: `${trace}`.padStart(32, '0'), message: `${line}` })),
    );
    const count = lines.filter((line) => line !== undefined).length;
    t.ok(count === 0 || count === 3);
    kept += count / 3;
  }
  t.ok(Math.abs(kept - 1_000) < 100, `${kept} of 4000`);
});
