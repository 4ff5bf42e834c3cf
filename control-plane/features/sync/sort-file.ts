import { open } from 'node:fs/promises';
import { type Categorize, UNCATEGORIZED } from '../../../pipeline/record/category.ts';

const HEAD_BYTES = 64 * 1024;
const COMPRESSED = /\.(?:gz|zst|xz|bz2|lz4|zip|tgz)$/i;
/** Control characters that no text has. NUL is not among them, because files that several programs write have runs of it. */
const CONTROL = /[\x01-\x07\x0e-\x1a\x1c-\x1f]/g;

export interface SortedFile {
  readonly service: string;
  readonly binary: boolean;
}

/** The service of a file: from its path, else from the program in its first 64 KiB. */
export async function sortFile(
  copy: string,
  filePath: string,
  machineId: string,
  categorize: Categorize,
): Promise<SortedFile> {
  const evidence = {
    service: '',
    file_path: filePath,
    machine_id: machineId,
    container_name: '',
    message: '',
  };
  let service = categorize(evidence);
  const head = await readHead(copy);
  const binary =
    COMPRESSED.test(filePath) || (head.match(CONTROL)?.length ?? 0) > head.replaceAll('\0', '').length / 20;
  if (service !== UNCATEGORIZED || binary) return { service, binary };
  for (const message of head.split('\n')) {
    service = categorize({ ...evidence, message });
    if (service !== UNCATEGORIZED) break;
  }
  return { service, binary };
}

async function readHead(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
