/**
 * How often each number is stored among the records of a service.
 * @param least numbers that must be in the answer, stored or not
 */
export async function readNumbers(url: string, service: string, least: number): Promise<number[]> {
  const times = new Array<number>(least).fill(0);
  const response = await fetch(`${url}/api/v1/logs/export?format=ndjson&q=service:${service}`);
  let rest = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { n } = JSON.parse(line) as { n: number };
      // More may have come in since.
      while (times.length <= n) times.push(0);
      times[n]!++;
    }
  }
  return times;
}

export function compare(times: readonly number[]): { stored: number; lost: number; duplicated: number } {
  const stored = times.reduce((sum, count) => sum + count, 0);
  const lost = times.filter((count) => count === 0).length;
  return { stored, lost, duplicated: stored - (times.length - lost) };
}
