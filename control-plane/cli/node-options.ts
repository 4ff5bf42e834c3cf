import { divideMemory } from '../server/divide-memory.ts';
import { memoryLimit } from '../server/memory-limit.ts';
import { readEnvFile } from './env-file.ts';

/**
 * Prints the options of `node` for a server: `node $(node node-options.js) main.js`. The heap's limit cannot be changed once a
 * process runs, so it has to be known before the server starts. A setting that is no number is left for the server to refuse.
 */
const MIB = 1024 * 1024;
const setting = Number(process.env.MEMORY_LIMIT_BYTES || readEnvFile().MEMORY_LIMIT_BYTES);
const { heap, youngHeap } = divideMemory(memoryLimit(Number.isSafeInteger(setting) ? setting : undefined));
console.log(
  `--max-old-space-size=${Math.floor(heap / MIB)} --max-semi-space-size=${youngHeap / MIB} --no-parallel-scavenge`,
);
