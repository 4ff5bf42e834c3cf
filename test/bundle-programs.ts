import { build } from 'esbuild';
import { BUNDLE_FOLDER, bundledName, moduleFile, PROGRAMS } from './project-module.ts';

/** Native modules, and packages that are imported dynamically: of a CommonJS one a bundle gives the default export alone. */
const OUTSIDE = ['chdb', 'snappy', 'fs-native-extensions', 'ioredis', '@grpc/grpc-js', '@opentelemetry/*'];

/** Bundles what tests start again and again: `node build/test/bundle-programs.js` */
await build({
  entryPoints: PROGRAMS.map((program) => ({
    in: moduleFile(program),
    out: bundledName(program).replace(/\.js$/, ''),
  })),
  outdir: BUNDLE_FOLDER,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  external: OUTSIDE,
  banner: {
    js: "import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);",
  },
  logLevel: 'warning',
});
