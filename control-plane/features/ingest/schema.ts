import { z } from 'zod';

/** `Receipt` as an answer. */
export const RECEIPT = z
  .object({
    accepted: z.int().describe('Records that are stored'),
    rejected: z.int().describe('Records that could not be read and are kept as dead letters'),
    duplicate: z.boolean().describe('All of it had been stored before'),
  })
  .meta({ id: 'Receipt' });

/** Header fields that every way of ingest listens to. */
export const INGEST_HEADERS = {
  'X-Machine-Id': 'The sender: a request with the same bytes of the same sender is stored once',
  'Idempotency-Key':
    'By which a request is known in place of its bytes: the same key of the same sender is stored once',
  'Content-Encoding': 'gzip, deflate, zstd or snappy',
};
