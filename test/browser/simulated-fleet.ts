/** What a machine of the simulated fleet says of itself; `reports` false: once, and then no more. */
interface Machine {
  readonly id: string;
  readonly group: string;
  readonly linesPerSecond: number;
  readonly reports?: boolean;
  readonly trouble?: object;
}

const EVERY_MS = 3_000;
const MACHINES: readonly Machine[] = [
  { id: 'a100-01', group: 'inference', linesPerSecond: 412 },
  { id: 'a100-02', group: 'inference', linesPerSecond: 388 },
  { id: 'a100-03', group: 'inference', linesPerSecond: 431, trouble: { lag_bytes: 48_300_000 } },
  { id: 'h100-01', group: 'training', linesPerSecond: 96 },
  { id: 'h100-02', group: 'training', linesPerSecond: 118 },
  {
    id: 'h100-03',
    group: 'training',
    linesPerSecond: 0,
    trouble: { status: 'down', problem: 'Fluent Bit ended with 137 and is started again in 16 s' },
  },
  { id: 'login-1', group: 'training', linesPerSecond: 3, reports: false },
];

/** Agents' reports without machines, for pictures: one lags, one is down, one is silent; a change is on its way. */
export async function simulateFleet(url: string, token: string): Promise<{ stop(): void }> {
  const started = Date.now();
  const hashes = new Map<string, string>();
  const send = async (method: 'POST' | 'PUT', path: string, body: object) => {
    const headers = { 'X-Admin-Token': token, 'Content-Type': 'application/json' };
    const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const report = async ({ id, group, linesPerSecond, trouble }: Machine) => {
    const heartbeat = {
      version: '5.1.1',
      agent_version: '0.1.0',
      status: 'running',
      uptime_s: 262_000 + (Date.now() - started) / 1000,
      records_per_s: linesPerSecond,
      lag_bytes: linesPerSecond * 61,
      group,
      ...(hashes.has(id) && { config_hash: hashes.get(id) }),
      ...trouble,
    };
    const { config_hash } = (await send('POST', `/api/v1/agents/${id}/heartbeat`, heartbeat)) as {
      config_hash: string;
    };
    hashes.set(id, config_hash);
  };
  const sources = [
    { type: 'files', paths: ['/var/log/*.log'] },
    { type: 'slurm', paths: ['/scratch/*/slurm-*.out'] },
  ];
  await send('PUT', '/api/v1/profiles/fleet?staged=false&note=first%20sources', {
    sources,
    variables: { REGION: 'eu-1' },
  });
  for (const machine of MACHINES) await report(machine);
  await send('PUT', '/api/v1/profiles/group:inference?staged=false&note=PM2%20too', {
    sources: [{ type: 'pm2' }],
  });
  // A rollout has machines that ran what they were given: the second report says so.
  for (const machine of [...MACHINES, ...MACHINES]) await report(machine);
  await send('PUT', '/api/v1/profiles/fleet?canaries=2&settle=3600&note=flush%20sooner', {
    sources,
    variables: { REGION: 'eu-1', FLUSH: '0.5' },
  });
  const timer = setInterval(() => {
    for (const machine of MACHINES.filter(({ reports }) => reports !== false))
      report(machine).catch(console.error);
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
