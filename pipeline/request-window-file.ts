import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeRequest, encodeRequest, type RequestWindow } from './request-window.ts';

/**
 * Writes the window beside the store. Rows carry the mark of their request too, so the file may be old: what
 * came in behind `place` is read from the rows.
 * @param place every request up to here is in the window
 */
export async function saveRequestWindow(path: string, window: RequestWindow, place: number): Promise<void> {
  const lines = [String(place)];
  for (const request of window.all()) lines.push(encodeRequest(request));
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(partial, 'w');
  try {
    await file.writeFile(`${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}

/**
 * Fills a window from the file. One that is damaged is set aside: the rows have all that it had.
 * @returns the place up to which the window is complete; 0 where there is no file
 */
export async function loadRequestWindow(path: string, window: RequestWindow): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const [place, ...marks] = text.trimEnd().split('\n');
  try {
    const requests = marks.map(decodeRequest);
    if (!/^\d+$/.test(place!)) throw new Error('it begins with no place');
    for (const request of requests) window.record(request);
    return Number(place);
  } catch {
    await rename(path, `${path}.damaged`);
    return 0;
  }
}
