import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { readConfig } from '../../../../control-plane/config.ts';
import { type RunningServer, startServer } from '../../../../control-plane/server/server.ts';
import { withoutBuiltInRules } from '../../../end-to-end/start-in-process.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { SshServer } from './ssh-server.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A server that syncs when it is asked to, and the folder that it syncs. */
export class Syncing {
  readonly folder: string;
  readonly ssh: SshServer | undefined;
  readonly warnings: string[] = [];
  readonly settings: Record<string, string>;
  private server: RunningServer | undefined;

  private constructor(folder: string, ssh: SshServer | undefined, settings: Record<string, string>) {
    this.folder = folder;
    this.ssh = ssh;
    this.settings = settings;
  }

  /** @param overSsh through a real sshd; else the folder is a local one */
  static async start(t: Test, overSsh: boolean, more: Record<string, string> = {}): Promise<Syncing> {
    const folder = temporaryFolder();
    for (const name of ['base path/logs', 'data']) mkdirSync(join(folder, name), { recursive: true });
    const ssh = overSsh ? await SshServer.start(t, join(folder, 'ssh')) : undefined;
    const syncing = new Syncing(folder, ssh, {
      PORT: '0',
      DATA_DIR: join(folder, 'data'),
      GRPC_PORT: '0',
      LOG_API_CALLS: 'false',
      REMOTE_BASE_PATH: join(folder, 'base path'),
      SYNC_INTERVAL: '0',
      ...withoutBuiltInRules(),
      ...ssh?.settings,
      ...more,
    });
    await syncing.startServer();
    t.teardown(() => syncing.stopServer());
    return syncing;
  }

  async startServer(more: Record<string, string> = {}): Promise<void> {
    const log = { ...SILENT, warn: (line: string) => this.warnings.push(line) };
    this.server = await startServer(readConfig({ ...this.settings, ...more }), log);
  }

  async stopServer(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await server?.close();
  }

  /** Writes a log file of the cluster, last changed some minutes ago. */
  write(name: string, content: string | Buffer, minutesAgo = 10): void {
    const path = this.remote(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const time = Date.now() / 1000 - minutesAgo * 60;
    utimesSync(path, time, time);
  }

  remote(name: string): string {
    return join(this.folder, 'base path', 'logs', name);
  }

  local(name: string): string {
    return join(this.folder, 'data', name);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.server!.url}${path}`, init);
  }

  async json(path: string): Promise<any> {
    return (await this.fetch(path)).json();
  }

  async post(path: string): Promise<any> {
    return (await this.fetch(path, { method: 'POST' })).json();
  }

  /** Texts of the records that a query finds, oldest first. */
  async messages(q: string): Promise<string[]> {
    const { records } = await this.json(
      `/api/v1/logs/search?limit=1000&order=asc&q=${encodeURIComponent(q)}`,
    );
    return records.map(({ message }: { message: string }) => message);
  }

  async count(q: string): Promise<number> {
    return (await this.json(`/api/v1/logs/count?q=${encodeURIComponent(q)}`)).total;
  }

  /** Names of everything below a folder of the data. */
  listLocal(name: string): string[] {
    const entries = readdirSync(this.local(name), { recursive: true, withFileTypes: true, encoding: 'utf8' });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.local(name).length + 1))
      .sort();
  }
}
