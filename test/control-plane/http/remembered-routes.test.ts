import t from 'tap';
import { RememberedRoutes } from '../../../control-plane/http/remembered-routes.ts';

t.test('a path goes to the same routes when it comes again, by its method', (t) => {
  const router = new RememberedRoutes();
  router.get('/jobs/:id', () => {});
  router.post('/jobs/:id', () => {});
  const pathsOf = (path: string, method: string) =>
    router.match(path, method).pathAndMethod.map(({ path, methods }) => `${methods.at(-1)} ${path}`);
  for (let time = 0; time < 2; time++) {
    t.same(pathsOf('/jobs/1', 'GET'), ['GET /jobs/:id']);
    t.same(pathsOf('/jobs/1', 'POST'), ['POST /jobs/:id']);
    t.same(pathsOf('/jobs', 'GET'), []);
    t.equal(router.match('/jobs/1', 'DELETE').path.length, 2, 'the path is known, the method is not');
  }
  t.equal(router.match('/jobs/1', 'GET'), router.match('/jobs/1', 'GET'), 'remembered');
  t.end();
});

t.test('what is remembered has a bound', (t) => {
  const router = new RememberedRoutes();
  router.get('/jobs/:id', () => {});
  const first = router.match('/jobs/first', 'GET');
  for (let id = 0; id < 1_000; id++) router.match(`/jobs/${id}`, 'GET');
  t.not(router.match('/jobs/first', 'GET'), first, 'forgotten');
  t.same(router.match('/jobs/first', 'GET'), first);
  const long = `/jobs/${'x'.repeat(300)}`;
  t.not(router.match(long, 'GET'), router.match(long, 'GET'), 'long ones are not remembered');
  t.end();
});
