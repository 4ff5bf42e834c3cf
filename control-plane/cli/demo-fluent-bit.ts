import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The first `fluent-bit` on a PATH. */
export function findFluentBit(path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'fluent-bit'))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface FluentBitOptions {
  readonly program: string;
  /** For its configuration, positions and buffer. */
  readonly folder: string;
  /** Folder of the logs to tail. */
  readonly files: string;
  readonly server: string;
  readonly machineId: string;
}

/** Runs Fluent Bit with the settings that lose nothing: positions and buffer on disk, retries without end. */
export async function startFluentBit(options: FluentBitOptions): Promise<{ stop(): Promise<void> }> {
  const home = join(options.folder, 'fluent-bit');
  await mkdir(home, { recursive: true });
  const config = join(home, 'fluent-bit.conf');
  await writeFile(config, configuration(options, home));
  const child: ChildProcess = spawn(options.program, ['-c', config], { stdio: 'ignore' });
  return {
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function configuration({ files, server, machineId }: FluentBitOptions, home: string): string {
  const { hostname, port } = new URL(server);
  const patterns = ['*/*.log', '*/*/*.log', '*/*.out', '*/*.err'].map((pattern) => join(files, pattern));
  return `[SERVICE]
    Flush 0.5
    Log_Level error
    storage.path ${join(home, 'storage')}
    scheduler.base 1
    scheduler.cap 30

[INPUT]
    Name tail
    Path ${patterns.join(',')}
    Path_Key file_path
    Tag demo
    DB ${join(home, 'positions.db')}
    Refresh_Interval 1
    Read_from_Head true
    storage.type filesystem

[FILTER]
    Name modify
    Match *
    Set machine_id ${machineId}

[OUTPUT]
    Name http
    Match *
    Host ${hostname}
    Port ${port}
    URI /logs/ingest
    Format json_lines
    Json_date_key timestamp
    Json_date_format iso8601
    Compress gzip
    Retry_Limit no_limits
    Header X-Machine-Id ${machineId}
    log_response_payload false
`;
}
