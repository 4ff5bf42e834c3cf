import { type HttpFault, startClickHouseHttp } from './clickhouse-http.ts';

/** Run by `clickhouse-process.ts`; a message names the fault that begins. */
const [path = '', port = '0', version = ''] = process.argv.slice(2);
const fixture = await startClickHouseHttp(path, Number(port), version === '' ? undefined : version);
process.on('message', (fault: HttpFault) => {
  fixture.setFault(fault);
  process.send!({ fault });
});
process.on('disconnect', () => process.exit());
process.send!({ url: fixture.url });
