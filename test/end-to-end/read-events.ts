import { EventReader } from '../event-reader.ts';

/** Reads the records of a live stream by number, as a program would. */
export function readEvents(url: string) {
  const reader = new EventReader(url);
  const events = reader[Symbol.asyncIterator]();
  return {
    /** The next records; waits until there are that many. */
    async take(count: number): Promise<Record<string, unknown>[]> {
      const records: Record<string, unknown>[] = [];
      while (records.length < count) {
        const { value, done } = await events.next();
        if (done) throw new Error('the stream ended');
        records.push(JSON.parse(value.data));
      }
      return records;
    },
    close(): void {
      reader.cut();
    },
  };
}
