import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { startProcess } from '../end-to-end/test-server.ts';
import { MODULE_OPTIONS, moduleFile } from '../project-module.ts';
import { type HostileBody, hostileBodies } from './hostile-bodies.ts';
import { type DrillResult, Senders } from './senders.ts';
import type { Waits } from './watch-waits.ts';

export interface HostileDrillOptions {
  readonly folder: string;
  /** Length of the long bodies, unpacked. */
  readonly bytes: number;
  /** Only bodies whose name begins so. */
  readonly only?: string;
}

/** Milliseconds that others may wait, at p99.9 and at most. */
const MAX_P999 = 100;
const MAX_WAIT = 250;

/**
 * One hostile body after the other, by one sender, by two at once, and by one that leaves in the middle, while another process asks for `/healthz` and
 * counts and a sender brings ordinary records. Reported as lost is each body beside which one of them waited too long.
 */
export async function drillHostile({ folder, bytes, only = '' }: HostileDrillOptions): Promise<DrillResult> {
  const server = await startProcess({ DATA_DIR: folder });
  const senders = new Senders({ url: () => server.url, agents: 1, linesPerRequest: 20 });
  const watcher = fork(moduleFile('test/faults/watch-waits.ts'), [server.url], {
    execArgv: [...MODULE_OPTIONS],
  });
  const pid = server.child.pid!;
  let tooSlow = 0;
  try {
    for (const [name, make] of Object.entries(hostileBodies(bytes))) {
      if (!name.startsWith(only)) continue;
      const body = make();
      for (const [how, run] of [
        ['one', () => deliver(server.url, body)],
        [
          'two',
          () => Promise.all([deliver(server.url, body), deliver(server.url, body)]).then(([first]) => first),
        ],
        ['leaves', () => leave(server.url, body)],
      ] as const) {
        await report(watcher);
        resetPeak(pid);
        const started = performance.now();
        const status = await run();
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        const waits = await report(watcher);
        const { p999, most } = waits['/healthz'];
        const count = waits['/api/v1/logs/count'].most;
        const isTooSlow = p999 > MAX_P999 || most > MAX_WAIT || count > MAX_WAIT;
        if (isTooSlow) tooSlow++;
        console.log(
          `${isTooSlow ? 'SLOW ' : ''}${name} (${how}): ${status} in ${seconds} s; /healthz p99.9 ${Math.round(p999)} ms, at most ` +
            `${Math.round(most)} ms; a count at most ${Math.round(count)} ms; peak ${peak(pid)} MB`,
        );
      }
    }
    await senders.stop();
    const result = await senders.result();
    return { ...result, lost: result.lost + tooSlow };
  } finally {
    watcher.disconnect();
    await server.stop('SIGTERM');
  }
}

async function report(watcher: ChildProcess): Promise<Waits> {
  watcher.send('report');
  const [waits] = (await once(watcher, 'message')) as [Waits];
  return waits;
}

function deliver(url: string, { path, headers, body }: HostileBody): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url + path, {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
    });
    sending.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** Sends it all and leaves 100 ms later; resolves when the server works no more for it. */
async function leave(url: string, { path, headers, body }: HostileBody): Promise<string> {
  await new Promise<void>((resolve) => {
    const sending = request(url + path, {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
    });
    sending.on('error', () => {});
    sending.on('response', (response) => response.resume());
    sending.end(body, () => setTimeout(() => sending.destroy(), 100));
    sending.on('close', () => resolve());
  });
  const started = performance.now();
  while ((await bodyBytes(url)) > 1_000_000) await new Promise((resolve) => setTimeout(resolve, 10));
  return `work ended ${Math.round(performance.now() - started)} ms later`;
}

/** Bytes of bodies that are in work. */
async function bodyBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^logplane_body_bytes (\S+)/m.exec(metrics)![1]);
}

function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function peak(pid: number): number {
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);
}
