import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import t from 'tap';
import { PROJECT_FOLDER } from './project-folder.ts';

/** From low to high: a file may import from its own room and those above it in this list. */
const ROOMS = [
  /^pipeline\/runtime\//,
  /^pipeline\/record\//,
  /^pipeline\/store\//,
  /^pipeline\/ingest\//,
  /^pipeline\/agent\//,
  /^logger\//,
  /^control-plane\/(setting-types|server-settings)\.ts/,
  /^control-plane\/ssh\//,
  /^control-plane\/query\//,
  /^control-plane\/read\//,
  /^control-plane\/http\//,
  /^control-plane\/features\//,
  /^control-plane\/config\.ts/,
  /^control-plane\/ui\//,
  /^control-plane\/server\//,
  /^control-plane\/process\//,
  /^control-plane\/(doctor|demo)\//,
  /^control-plane\/cli\//,
  /^control-plane\/main\.ts/,
];

const sources = ['pipeline', 'logger', 'control-plane'].flatMap((folder) =>
  readdirSync(resolve(PROJECT_FOLDER, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`),
);

const roomOf = (file: string) => ROOMS.findIndex((room) => room.test(file));
const featureOf = (file: string) => /^control-plane\/features\/([^/]+)/.exec(file)?.[1];

function importsOf(file: string): string[] {
  const text = readFileSync(resolve(PROJECT_FOLDER, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(PROJECT_FOLDER, resolve(PROJECT_FOLDER, dirname(file), match[1]!)),
  );
}

t.test('every source file has its room', async (t) => {
  t.ok(sources.length > 30, 'the sources were found');
  t.same(
    sources.filter((file) => roomOf(file) === -1),
    [],
  );
});

t.test('imports point from high to low', async (t) => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => roomOf(imported) > roomOf(file))
      .map((imported) => `${file} imports ${imported}`),
  );
  t.same(wrong, []);
});

t.test('no feature imports from another one', async (t) => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => featureOf(file) && featureOf(imported) && featureOf(file) !== featureOf(imported))
      .map((imported) => `${file} imports ${imported}`),
  );
  t.same(wrong, []);
});

t.test('only programs read the environment', async (t) => {
  const readers = sources.filter((file) =>
    /process\.env\b/.test(readFileSync(resolve(PROJECT_FOLDER, file), 'utf8')),
  );
  t.same(
    readers.filter((file) => !/^control-plane\/(main\.ts|demo\/demo\.ts|cli\/|process\/)/.test(file)),
    [],
  );
});
