import t from 'tap';
import { decodeRequest, encodeRequest, RequestWindow } from '../../pipeline/request-window.ts';
import { loadRequestWindow, saveRequestWindow } from '../../pipeline/request-window-file.ts';

const request = (agent: string, digest: string, entries = 3) => ({
  agent,
  digest,
  entries,
  accepted: entries,
  rejected: 0,
});

t.test('a request is known by its agent and its bytes', async (t) => {
  const window = new RequestWindow();
  window.record(request('a', 'x'));
  t.same(window.find('a', 'x'), { entries: 3, accepted: 3, rejected: 0 });
  t.equal(window.find('b', 'x'), undefined);
  t.equal(window.find('a', 'y'), undefined);
});

t.test('the last 256 requests of an agent are kept, whatever the others do', async (t) => {
  const window = new RequestWindow();
  window.record(request('quiet', 'x'));
  for (let index = 0; index < 300; index++) window.record(request('busy', `d${index}`));
  t.ok(window.find('quiet', 'x'));
  t.equal(window.find('busy', 'd43'), undefined);
  t.ok(window.find('busy', 'd44'));
});

t.test('a mark survives its row, whatever the agent is called', async (t) => {
  const odd = request('a"\\\u0000\n,é', 'x');
  t.same(decodeRequest(encodeRequest(odd)), odd);
});

t.test('a saved window comes back with its place and its order', async (t) => {
  const path = `${t.testdir()}/state/requests`;
  const window = new RequestWindow();
  window.record(request('a', 'x'));
  window.record({ ...request('b\n', 'y'), rejected: 2 });
  await saveRequestWindow(path, window, 1_700_000_000_000_000);
  const loaded = new RequestWindow();
  t.equal(await loadRequestWindow(path, loaded), 1_700_000_000_000_000);
  t.same([...loaded.all()], [...window.all()]);
});

t.test('without a file the window is empty and its place 0', async (t) => {
  const window = new RequestWindow();
  t.equal(await loadRequestWindow(`${t.testdir()}/none`, window), 0);
  t.same([...window.all()], []);
});
