import './process/engine-allocator.ts';
import { serve } from './cli/serve.ts';

/** `node main.js [PATH…]`: the same as `logplane serve`. */
await serve(process.argv.slice(2));
