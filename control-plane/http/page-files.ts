import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { PACKAGE_ROOT } from '../../pipeline/runtime/package-root.ts';

/** A static file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The same packed; undefined where it was not packed beforehand. */
  readonly gzip: Buffer | undefined;
  readonly etag: string;
}

/** The built web pages. */
export interface PageFiles {
  /** Undefined where they were not built. */
  readonly html: PageFile | undefined;
  /** By name, which holds the hash of the content. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the pages once, at the start: some 300 kB, and no request names a path on the disk.
 * @param basePath BASE_PATH, which the HTML names
 */
export function readPageFiles(basePath: string): PageFiles {
  const folder = fileURLToPath(new URL('dist/ui/', PACKAGE_ROOT));
  const contents = new Map(namesIn(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const built = contents.get('index.html');
  if (built !== undefined && basePath !== '') {
    const html = Buffer.from(
      built
        .toString()
        .replaceAll('"/ui/assets/', `"${basePath}/ui/assets/`)
        .replace('name="base-path" content=""', `name="base-path" content="${basePath}"`),
    );
    contents.set('index.html', html).set('index.html.gz', gzipSync(html));
  }
  const files = [...contents].flatMap(([name, body]): [string, PageFile][] => {
    const type = TYPES[extname(name)];
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    return type === undefined ? [] : [[name, { type, body, gzip: contents.get(`${name}.gz`), etag }]];
  });
  const assets = new Map(files);
  const html = assets.get('index.html');
  assets.delete('index.html');
  return { html, assets };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
