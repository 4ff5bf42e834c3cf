import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { until } from '../../../until.ts';

const PROGRAMS = ['rsync', 'ssh', 'ssh-keygen', '/usr/sbin/sshd'];

/** The programs that are missing, for a one-line notice; undefined where a cluster can be played. */
export function missingPrograms(): string | undefined {
  const missing = PROGRAMS.filter((program) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined;
}

/** A real sshd on loopback, with keys of its own, that stands for a cluster's login node. */
export class SshServer {
  readonly port: number;
  readonly user = userInfo().username;
  /** Private key that may log in. */
  readonly key: string;
  readonly otherKey: string;
  readonly knownHosts: string;
  /** First in the `PATH` of whoever logs in. */
  readonly bin: string;
  private readonly folder: string;
  private server: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    this.key = join(folder, 'key');
    this.otherKey = join(folder, 'other');
    this.knownHosts = join(folder, 'known hosts');
    this.bin = join(folder, 'bin');
  }

  /** Settings of a server that syncs from here. */
  get settings(): Record<string, string> {
    return {
      SSH_HOST: '127.0.0.1',
      SSH_USER: this.user,
      SSH_PORT: String(this.port),
      SSH_KEY: this.key,
      SSH_KNOWN_HOSTS: this.knownHosts,
    };
  }

  static async start(t: Pick<Test, 'teardown'>, folder: string): Promise<SshServer> {
    mkdirSync(folder, { recursive: true });
    const server = new SshServer(folder, await freePort());
    mkdirSync(server.bin);
    makeKey(server.key);
    makeKey(server.otherKey);
    writeFileSync(join(folder, 'authorized'), readFileSync(`${server.key}.pub`));
    server.newHostKey('host1');
    server.trust('host1');
    t.teardown(() => server.stop());
    await server.run('host1');
    return server;
  }

  newHostKey(name: string): void {
    makeKey(join(this.folder, name));
  }

  trust(name: string): void {
    const [kind, key] = readFileSync(join(this.folder, `${name}.pub`), 'utf8').split(' ');
    writeFileSync(this.knownHosts, `[127.0.0.1]:${this.port} ${kind} ${key}\n`);
  }

  /** Puts a program onto the path of whoever logs in. */
  install(name: string, script: string): void {
    writeFileSync(join(this.bin, name), script);
    chmodSync(join(this.bin, name), 0o755);
  }

  async run(hostKey: string): Promise<void> {
    const config = join(this.folder, 'sshd_config');
    const lines = [
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(this.folder, hostKey)}`,
      `AuthorizedKeysFile ${join(this.folder, 'authorized')}`,
      `PidFile ${join(this.folder, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      `SetEnv PATH=${this.bin}:/usr/local/bin:/usr/bin:/bin`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    // Where sshd runs as root, it wants this folder to be there.
    if (this.user === 'root') mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    this.server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore', detached: true });
    const { server, port } = this;
    await until(() => {
      if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
      return answers(port);
    }, 'sshd');
  }

  /** Ends the server and every open connection. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server?.pid === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    process.kill(-server.pid, 'SIGTERM');
    await ended;
  }
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(resolve, 10, false));
  });
}
