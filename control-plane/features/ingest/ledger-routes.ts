import { z } from 'zod';
import type { FileLedger } from '../../../pipeline/ingest/joining/file-ledger.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, flag, optionalText, wholeNumber } from '../../http/parameters.ts';

const HOLE = z.object({
  from: z.int().describe('The first byte that is missing'),
  to: z.int().describe('The byte behind the last one'),
  reason: z
    .enum(['truncation', 'rotation', 'kill', 'full disk', 'skipped line', 'unknown'])
    .describe('`skipped line`: a line was longer than its shipper takes'),
  generation: z
    .int()
    .describe('Which content of the file: each truncation or replacement begins another one'),
});

const FILE = z
  .object({
    machine_id: z.string(),
    file_path: z.string(),
    bytes_written: z.int().describe('Bytes that were written since the server knows the file'),
    bytes_stored: z.int().describe('Those of them whose lines are stored'),
    holes: z.array(HOLE).describe('What was written and will not come any more'),
  })
  .meta({
    examples: [
      {
        machine_id: 'gpu-07',
        file_path: '/workspace/logs/train.log',
        bytes_written: 52_428_800,
        bytes_stored: 52_424_704,
        holes: [{ from: 1_048_576, to: 1_052_672, reason: 'truncation', generation: 1 }],
      },
    ],
  });

/** The ledger: what was written into files against what is stored of them. */
export function addLedgerRoutes(api: RouteFamily, ledger: FileLedger): void {
  api.get(
    '/api/v1/files/ledger',
    {
      operationId: 'getFileLedger',
      summary: 'Compare what was written with what is stored',
      description:
        'Returns the files whose shippers send offsets (agents do), those with holes first: how many bytes were written, how many are stored, and which are missing and why. ' +
        'Bytes that may still come are in neither the holes nor `bytes_stored`.',
      permission: 'read',
      parameters: {
        machine_id: describe(optionalText, 'The files of this machine', 'gpu-07'),
        holes: describe(flag(false), 'Only files with holes'),
        limit: describe(wholeNumber(1, 20_000, 1_000), 'The most files'),
      },
      response: z.object({
        files: z.array(FILE),
        files_left_out: z.int().meta({ description: 'Files beyond the limit', examples: [0] }),
      }),
    },
    (_context, { machine_id, holes, limit }) => {
      const found = ledger.report(machine_id).filter((file) => !holes || file.holes.length > 0);
      return { files: found.slice(0, limit), files_left_out: Math.max(0, found.length - limit) };
    },
  );
}
