import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import t from 'tap';

/** From low to high: a file may import from its own layer and those above it in this list. */
const LAYERS = [
  /^pipeline\/(record\/|errors\.ts|counters\.ts|free-list\.ts|held-memory\.ts|turns\.ts|loop-turns\.ts|make-folder\.ts|replace-file\.ts|state-file\.ts|folder-lock\.ts|fs-native-extensions\.d\.ts|sequencer\.ts|request-progress\.ts|sources\/source-entry\.ts)/,
  /^pipeline\/(sources|transforms|store|live)\//,
  /^pipeline\/fluent-bit\//,
  /^pipeline\/agent\//,
  /^pipeline\/(rejected-entries|paced-texts|batch-queue|[a-z]+(-back)?-requests?)\.ts/,
  /^pipeline\/(pipeline|deliver-files|accept-otlp|replay-letter)\.ts/,
  /^control-plane\/logger\//,
  /^control-plane\/(query\/|alerts\/rule-words\.ts)/,
  /^control-plane\/ui\//,
  /^control-plane\/rules\//,
  /^control-plane\/logs\//,
  /^control-plane\/(files|nodes|fleet|alerts|forward|retention|backup)\//,
  /^control-plane\/jobs\//,
  /^control-plane\/http\//,
  /^control-plane\/routes\//,
  /^control-plane\/(app|config|memory-limit|divide-memory|telemetry|console-log|admin-token|kept-secret|take-data-dir|probe-folder|otlp-listener|http-listener|read-tls|package-version)\.ts/,
  /^control-plane\/(feature|forgotten-errors|open-clickhouse|open-redis|request-log)\.ts/,
  /^control-plane\/start-[a-z-]+\.ts/,
  /^control-plane\/server\.ts/,
  /^control-plane\/doctor\//,
  /^control-plane\/(main\.ts|build-ui\.ts|cli\/)/,
];

const root = resolve(import.meta.dirname, '..');
const sources = ['pipeline', 'control-plane'].flatMap((folder) =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`),
);

const layerOf = (file: string) => LAYERS.findIndex((layer) => layer.test(file));

function importsOf(file: string): string[] {
  const text = readFileSync(resolve(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1]!)),
  );
}

t.test('every source file has its layer', async (t) => {
  t.ok(sources.length > 30, 'the sources were found');
  t.same(
    sources.filter((file) => layerOf(file) === -1),
    [],
  );
});

t.test('imports point from high to low', async (t) => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => layerOf(imported) > layerOf(file))
      .map((imported) => `${file} imports ${imported}`),
  );
  t.same(wrong, []);
});

t.test('only the entry points read the environment', async (t) => {
  const readers = sources.filter((file) => /process\.env\b/.test(readFileSync(resolve(root, file), 'utf8')));
  t.same(
    readers.filter((file) => !/^control-plane\/(main\.ts|cli\/)/.test(file)),
    [],
  );
});

t.test('no source file is longer than 300 lines', async (t) => {
  const long = sources.filter((file) => readFileSync(resolve(root, file), 'utf8').split('\n').length > 301);
  t.same(long, []);
});
