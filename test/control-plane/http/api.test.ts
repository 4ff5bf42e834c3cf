import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { Api, type ApiOptions } from '../../../control-plane/http/api.ts';
import { PROJECT_FOLDER } from '../../project-folder.ts';

t.test('what is declared is registered and documented, by every way to declare it', async (t) => {
  // Nothing of them is needed before a request comes.
  const family = (api: Api) =>
    api.family('Things', 'What this is about.', { from: '/old', to: '/new', suffix: 'Moved' });
  const api = new Api({} as ApiOptions);
  const declared = (operationId: string) => ({ operationId, summary: 'A thing', description: 'A thing.' });
  const handler = () => {};
  family(api).get('/get', declared('getOne'), handler);
  family(api).post('/post', declared('postOne'), handler);
  family(api).put('/put/:id', { ...declared('putOne'), endpoint: 'putThing' }, handler);
  family(api).delete('/delete', declared('deleteOne'), handler);
  family(api).getOrPost('/both', declared('findAll'), handler);
  family(api).postParameters('/old/parameters', declared('change'), handler);
  const expected = [
    'get /get',
    'post /post',
    'put /put/:id',
    'delete /delete',
    'get /both',
    'post /both',
    'post /new/parameters',
  ];
  t.same(
    api.routes.map(({ method, path }) => `${method} ${path}`),
    expected,
  );
  t.same(
    api.router.stack.map(({ methods, path }) => `${methods.at(-1)!.toLowerCase()} ${path}`),
    expected,
  );
  t.same(
    api.routes.filter(({ postedParameters }) => postedParameters).map(({ path }) => path),
    ['/both', '/new/parameters'],
  );
  t.equal(api.router.stack[2]!.name, 'putThing');
});

t.test('nothing registers a route beside it', async (t) => {
  const source = resolve(PROJECT_FOLDER, 'control-plane');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const readers = (pattern: RegExp) =>
    files.filter((file) => pattern.test(readFileSync(resolve(source, file), 'utf8'))).sort();
  t.same(readers(/\brouter\b[^a-z]*[.[]|'koa-router'/), [
    'http/api.ts',
    'http/endpoint-name.ts',
    'http/remembered-routes.ts',
    'server/app.ts',
  ]);
  t.same(readers(/\bapp\.use\(/), ['server/app.ts']);
  const app = readFileSync(resolve(source, 'server/app.ts'), 'utf8');
  t.same(
    [...app.matchAll(/\brouter\.\w+/g)].map(([call]) => call),
    ['router.routes', 'router.allowedMethods'],
  );
});
