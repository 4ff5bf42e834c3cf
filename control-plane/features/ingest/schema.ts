import { z } from 'zod';

/** `Receipt` as a response. */
export const RECEIPT = z
  .object({
    accepted: z.int().meta({ description: 'Records that are stored', examples: [2] }),
    rejected: z.int().meta({
      description: 'Records that could not be read and are kept as dead letters',
      examples: [0],
    }),
    duplicate: z.boolean().meta({
      description: 'True where the whole request had been stored before',
      examples: [false],
    }),
  })
  .meta({ id: 'Receipt' });

/** Headers that every ingest endpoint reads. */
export const INGEST_HEADERS = {
  'X-Machine-Id': {
    description: 'The sender. Two requests of one sender with the same bytes are stored once',
    example: 'gpu-07',
  },
  'Idempotency-Key': {
    description:
      'Names the request: the same records of one sender with the same key are stored once, also without a time in them and however ' +
      'they are compressed. Other records are stored whatever their key',
    example: 'batch-000042',
  },
  'Content-Encoding': { description: '`gzip`, `deflate`, `zstd` or `snappy`', example: 'gzip' },
};
