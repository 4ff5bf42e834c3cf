import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const source = import.meta.dirname;

/**
 * Builds the web pages into a folder of static files: `index.html`, and what it loads under names that hold the hash of
 * their content, each with a `.gz` beside it. Run by `npm run build`.
 */
export async function buildUi(folder: string): Promise<void> {
  const { metafile } = await build({
    entryPoints: [
      resolve(source, 'page.tsx'),
      resolve(source, 'style/page.css'),
      resolve(source, 'icon.svg'),
    ],
    outdir: folder,
    entryNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // RE2 in JavaScript weighs more than the rest of the page; see the file.
    alias: { re2js: resolve(source, 'query/browser-regex.ts') },
    metafile: true,
    logLevel: 'warning',
    write: false,
    absWorkingDir: source,
  }).then(async (result) => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const { path, contents } of result.outputFiles) {
      await writeFile(path, contents);
      await writeFile(`${path}.gz`, gzipSync(contents, { level: 9 }));
    }
    return result;
  });
  const nameOf = (extension: string) =>
    basename(Object.keys(metafile.outputs).find((path) => path.endsWith(extension))!);
  const template = await readFile(resolve(source, 'index.html'), 'utf8');
  const html = template.replace(/\{\{(\.\w+)\}\}/g, (_, extension: string) => nameOf(extension));
  await writeFile(resolve(folder, 'index.html'), html);
}

if (process.argv[1] === import.meta.filename) {
  await buildUi(resolve(source, '../../dist/ui'));
}
