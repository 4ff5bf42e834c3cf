import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import t from 'tap';
import { readConfig } from '../../control-plane/config.ts';
import { readTls } from '../../control-plane/server/tls.ts';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startHere } from './test-server.ts';

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);

/** A certificate for this machine that is its own authority. */
function makeCertificate(name: string): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      ...subject,
      ...files,
    ],
    { stdio: 'ignore' },
  );
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (!hasOpenssl()) t.plan(0, 'not installed: openssl');
else {
  makeCertificate('server');
  makeCertificate('other');
  const settings = { TLS_CERT: file('server.crt'), TLS_KEY: file('server.key') };
  const ca = readFileSync(file('server.crt'));

  t.test('HTTPS and gRPC over TLS, with one certificate', async (t) => {
    const grpcPort = await freePort();
    const server = await startHere({
      DATA_DIR: file('data'),
      GRPC_PORT: String(grpcPort),
      INGEST_TOKEN: 'secret',
      ...settings,
    });
    t.teardown(() => server.close());
    t.match(server.url, /^https:/);
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer secret');
    const exportWith = async (authority: Buffer, body: string) => {
      const exporter = new OTLPLogExporter({
        url: `https://127.0.0.1:${grpcPort}`,
        metadata,
        credentials: credentials.createSsl(authority),
        timeoutMillis: 3_000,
      });
      const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
      provider.getLogger('tls').emit({ body });
      await provider.forceFlush().catch(() => {});
      await provider.shutdown().catch(() => {});
    };
    await exportWith(ca, 'over TLS');
    await exportWith(readFileSync(file('other.crt')), 'to a server that is not trusted');

    const ask = (path: string, options: object) =>
      new Promise<string>((resolve, reject) => {
        get(`${server.url}${path}`, options, (response) => text(response).then(resolve, reject)).once(
          'error',
          reject,
        );
      });
    const { records } = JSON.parse(await ask('/api/v1/logs/search', { ca }));
    t.match(records, [{ message: 'over TLS', source: 'otlp' }]);
    t.equal(records.length, 1);
    await t.rejects(ask('/healthz', {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await t.rejects(fetch(server.url.replace('https:', 'http:')), 'nothing plain is left on the port');

    const env = { LOGPLANE_SERVER: server.url };
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: file('server.crt') };
    t.equal((await runCli(['count'], { env: trusting })).stdout, '1\n');
    t.match(await runCli(['count'], { env }), { code: 1, stderr: /self-signed certificate/ });
  });

  t.test('what is wrong with the files is told with the name of the setting', async (t) => {
    writeFileSync(file('empty'), '');
    const cases: [Record<string, string>, RegExp][] = [
      [{ TLS_CERT: file('server.crt') }, /^TLS_KEY: expected the file of the private key .*, got none$/],
      [{ TLS_KEY: file('server.key') }, /^TLS_CERT: expected .*, got none$/],
      [{ ...settings, TLS_CERT: file('none') }, /^TLS_CERT: expected .*, got ".*none" \(ENOENT/],
      [{ ...settings, TLS_KEY: file('other.key') }, /^TLS_CERT, TLS_KEY: .*key values mismatch/],
      [
        { ...settings, TLS_CERT: file('empty') },
        /^TLS_CERT, TLS_KEY: expected a certificate and its key as PEM/,
      ],
    ];
    for (const [given, message] of cases) await t.rejects(readTls(readConfig(given)), { message });
    t.equal(await readTls(readConfig({})), undefined);
  });
}
