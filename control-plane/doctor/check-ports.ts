import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../config.ts';
import { type Finding, ok, problem } from './finding.ts';

/** @param running a server uses the data folder, so its ports are in use */
export async function checkPorts(config: Config, running: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const setting of ['PORT', 'GRPC_PORT'] as const) {
    const port = config[setting];
    if (port === 0) continue;
    const taken = await problemOfListening(config.HOST, port);
    if (taken === undefined) findings.push(ok(setting, `${port} is free`));
    else if (taken === 'EADDRINUSE' && running)
      findings.push(ok(setting, `${port} is used by the running server`));
    else findings.push(problem(setting, `${port} on ${config.HOST}: ${explain(taken, setting)}`));
  }
  return findings;
}

async function problemOfListening(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    server.close();
  }
}

function explain(code: string, setting: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program uses this port (ss -ltnp shows which); set ${setting} to another one`;
    case 'EACCES':
      return 'ports below 1024 need a privilege; use a higher one';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'HOST is not an address of this machine';
    default:
      return code;
  }
}
