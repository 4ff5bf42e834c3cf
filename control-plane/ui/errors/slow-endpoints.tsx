import { formatCount, formatDuration } from '../numbers.ts';

export interface SlowEndpoint {
  readonly endpoint: string;
  readonly responses: number;
  readonly slow_responses: number;
  readonly avg: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function SlowEndpoints({ endpoints }: { readonly endpoints: readonly SlowEndpoint[] }) {
  if (endpoints.length === 0) return null;
  return (
    <section class="panel">
      <h2>Slowest endpoints</h2>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              {['Answers', 'Over 5 s', 'Mean', '95 %', '99 %', 'Longest'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {endpoints.map(({ endpoint, responses, slow_responses, avg, p95, p99, max }) => (
              <tr key={endpoint}>
                <td>{endpoint}</td>
                <td class="number">{formatCount(responses)}</td>
                <td class={`number ${slow_responses > 0 ? 'careful' : ''}`}>{formatCount(slow_responses)}</td>
                {[avg, p95, p99, max].map((time, index) => (
                  <td key={index} class="number">
                    {formatDuration(time)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
