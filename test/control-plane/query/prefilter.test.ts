import t from 'tap';
import { parseFilter } from '../../../control-plane/query/log-filter.ts';
import { parseQuery } from '../../../control-plane/query/parser.ts';
import { prefilterOf } from '../../../control-plane/query/prefilter.ts';
import { plainRecord } from '../../plain-record.ts';

const of = (q: string) => prefilterOf(parseQuery(q));

t.test('values that a query wants', async (t) => {
  t.same(of('job_id:7 error'), { field: 'job_id', values: ['7'] });
  t.same(of('"out of memory" node_id:a (level:error OR level:fatal)'), { field: 'node_id', values: ['a'] });
  t.same(of('service:a OR service:b OR (service:c x)'), { field: 'service', values: ['a', 'b', 'c'] });
  t.same(parseFilter({ q: 'x', equal: { service: 'a,b' } }).prefilter?.values, ['a', 'b']);
});

t.test('a query that may select a record without such a value has none', async (t) => {
  for (const q of [
    'error',
    'level:error',
    'NOT service:a',
    'service:a OR error',
    'service:a OR job_id:7',
    'service:a*',
    'service:/a/',
    'service:*',
    'service:null',
    'service:""',
    'user.id:7',
    'message:a',
  ])
    t.equal(of(q), undefined, q);
});

t.test('no record that a filter selects is passed over', async (t) => {
  const values = ['', 'a', 'b', '7', '7.0', 'null', '9007199254740993', '9007199254740992'];
  for (const sent of values) {
    for (const wanted of values) {
      const { matches, prefilter } = parseFilter({ q: `job_id:"${wanted}"` });
      for (const attributes of ['{}', '{"job_id":null}', '{"job_id":""}']) {
        const record = { ...plainRecord({ job_id: sent, attributes }), seq: 1 };
        if (matches(record) && prefilter && !prefilter.values.includes(record[prefilter.field])) {
          t.fail(`job_id:"${wanted}" selects "${sent}" ${attributes}`);
        }
      }
    }
  }
  t.pass('none');
});
