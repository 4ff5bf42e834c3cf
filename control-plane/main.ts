import { ensureRuntimeFlags } from './process/runtime-flags.ts';

/** `node main.js [PATH…]`: the same as `logplane serve`. */
await ensureRuntimeFlags();
const { serve } = await import('./cli/serve.ts');
await serve(process.argv.slice(2));
