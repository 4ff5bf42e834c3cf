import t from 'tap';
import { withTerm } from '../../../../control-plane/ui/query/with-term.ts';

t.test('a term is put into a query', async (t) => {
  t.equal(withTerm('', 'service', 'api', true), 'service:api');
  t.equal(withTerm(' timeout ', 'service', 'api', false), 'timeout -service:api');
  t.equal(withTerm('a OR b', 'service', 'api', true), '(a OR b) service:api');
  t.equal(withTerm('(a OR b) c', 'service', 'api', true), '(a OR b) c service:api');
  t.equal(withTerm('', 'file path', 'a "b"', true), '"file path":"a \\"b\\""');
  t.equal(withTerm('not ( closed', 'service', 'api', true), 'not ( closed service:api');
});

t.test('once', async (t) => {
  t.equal(withTerm('service:api x', 'service', 'api', true), 'service:api x');
  t.equal(withTerm('-service:api', 'service', 'api', false), '-service:api');
  t.equal(withTerm('(service:api)', 'service', 'api', true), '(service:api) service:api');
});

t.test('in place of its opposite', async (t) => {
  t.equal(withTerm('x service:api', 'service', 'api', false), 'x -service:api');
  t.equal(withTerm('-service:api x', 'service', 'api', true), 'x service:api');
  t.equal(withTerm('a AND service:api AND b', 'service', 'api', false), 'a AND b -service:api');
  t.equal(withTerm('service:"api" AND b', 'service', 'api', false), 'b -service:api');
  t.equal(withTerm('NOT service:api', 'service', 'api', true), 'service:api');
});

t.test('beside those that only begin or end like it', async (t) => {
  t.equal(withTerm('job_id:12', 'job_id', '1', true), 'job_id:12 job_id:1');
  t.equal(withTerm('service:api-2', 'service', 'api', false), 'service:api-2 -service:api');
  t.equal(withTerm('-job_id:12', 'job_id', '1', true), '-job_id:12 job_id:1');
  t.equal(withTerm('old_service:api', 'service', 'api', false), 'old_service:api -service:api');
});
