/** Reads a stream of server-sent events as a program would. */
export function readEvents(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const reader = fetch(url, { headers, signal: stop.signal }).then((response) =>
    response.body!.pipeThrough(new TextDecoderStream()).getReader(),
  );
  let text = '';
  const waiting: Record<string, unknown>[] = [];

  const readMore = async () => {
    const { value, done } = await (await reader).read();
    if (done) throw new Error('the stream ended');
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block);
      if (data) waiting.push(JSON.parse(data[1]!));
    }
  };

  return {
    /** The next records; waits until there are that many. */
    async take(count: number): Promise<Record<string, unknown>[]> {
      while (waiting.length < count) await readMore();
      return waiting.splice(0, count);
    },
    async close(): Promise<void> {
      stop.abort();
      await (await reader).cancel().catch(() => {});
    },
  };
}
