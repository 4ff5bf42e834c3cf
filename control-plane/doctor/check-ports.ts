import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../config.ts';
import { type Finding, ok, problem } from './finding.ts';

/** @param running a server holds the data folder, so that its ports have to be taken */
export async function checkPorts(config: Config, running: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const setting of ['PORT', 'GRPC_PORT'] as const) {
    const port = config[setting];
    if (port === 0) continue;
    const taken = await problemOfListening(config.HOST, port);
    if (taken === undefined) findings.push(ok(setting, `${port} is free`));
    else if (taken === 'EADDRINUSE' && running)
      findings.push(ok(setting, `${port} is taken, by the server that runs`));
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
      return `another program has it (ss -ltnp tells which); set ${setting}`;
    case 'EACCES':
      return 'ports below 1024 need a privilege; take a higher one';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'HOST is no address of this machine';
    default:
      return code;
  }
}
