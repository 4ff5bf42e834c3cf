import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = import.meta.dirname;
/** Modules by which a test starts something: a process, a server, an engine. */
const STARTERS =
  /^(node:(child_process|dgram|http|http2|https|net|tls|worker_threads)|chdb|ioredis|playwright-core|express|fastify|@grpc\/grpc-js)$/;
/** What a file says for all tests of its process. */
const HOOKS = /^t\.(before|after|beforeEach|afterEach|teardown|setTimeout)\(/m;

/** Compiled test files, each in a process of its own. */
export const ALONE: string[] = [];
/** Compiled test files that start nothing, by the room under `test/` that they are of. They run in one process a room. */
export const TOGETHER = new Map<string, string[]>();

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!name.endsWith('.test.js')) continue;
  const file = resolve(folder, name);
  if (HOOKS.test(readFileSync(file, 'utf8')) || reach(file).some((module) => STARTERS.test(module))) {
    ALONE.push(file);
    continue;
  }
  const room = name.includes('/') ? name.slice(0, name.indexOf('/')) : 'project';
  TOGETHER.set(room, [...(TOGETHER.get(room) ?? []), file]);
}

/** Packages and modules of Node that a file imports, itself or through others. */
function reach(file: string, seen = new Set<string>()): string[] {
  seen.add(file);
  return importsOf(file).flatMap((imported) => {
    if (!imported.startsWith('.')) return [imported];
    const target = resolve(file, '..', imported);
    return seen.has(target) ? [] : reach(target, seen);
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
}
