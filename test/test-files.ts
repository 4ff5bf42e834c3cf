import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Modules by which a test starts something: a process, a server, an engine. */
const STARTERS =
  /^(node:(child_process|dgram|http|http2|https|net|tls|worker_threads)|chdb|ioredis|playwright-core|express|fastify|@grpc\/grpc-js)$/;
/** Files that have a process of their own: several of their tests run at once, or they look at the memory of their process. */
const ALONE = /^t\.jobs = |\bopenEmbeddedClickHouse\(\{.*\bmemory\b/m;
/** Ends the name of a process whose tests start nothing. */
export const STARTS_NOTHING = ', what starts nothing';
/** Files in a process, of those whose tests start something: so that processes take about equally long. */
const MAX_FILES = 12;

const folder = import.meta.dirname;
const known = new Map<string, readonly string[]>();

/**
 * Compiled test files by the process that runs them, one after the other: a process that loads the server takes two seconds of CPU before
 * it tests anything.
 */
export const PROCESSES = new Map<string, readonly string[]>();

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!name.endsWith('.test.js')) continue;
  const file = resolve(folder, name);
  const process = processOf(name, file);
  PROCESSES.set(process, [...(PROCESSES.get(process) ?? []), file]);
}

function processOf(name: string, file: string): string {
  if (ALONE.test(readFileSync(file, 'utf8'))) return name;
  const room = name.includes('/') ? name.slice(0, name.indexOf('/')) : 'project';
  if (!reach(file).some((module) => STARTERS.test(module))) return room + STARTS_NOTHING;
  for (let number = 1; ; number++) {
    const process = `${room} ${number}`;
    if ((PROCESSES.get(process)?.length ?? 0) < MAX_FILES) return process;
  }
}

/** Packages and modules of Node that a file imports, itself or through others. */
function reach(file: string, seen = new Set<string>()): string[] {
  seen.add(file);
  return importsOf(file).flatMap((imported) => {
    // Other texts in quotation marks may stand behind the word `from` too.
    if (!/^\.\.?\/.+\.js$/.test(imported)) return [imported];
    const target = resolve(file, '..', imported);
    return seen.has(target) ? [] : reach(target, seen);
  });
}

function importsOf(file: string): readonly string[] {
  let imports = known.get(file);
  if (imports === undefined) {
    const text = readFileSync(file, 'utf8');
    imports = [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
    known.set(file, imports);
  }
  return imports;
}
