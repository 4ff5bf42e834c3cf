import { addressOf } from '../address.ts';
import { counted, formatBytes } from '../numbers.ts';
import { Link } from '../parts/link.tsx';
import { useAsk } from '../use-ask.ts';

const EVERY_MS = 10_000;
const MOST = 100;
const MOST_HOLES = 3;

interface LedgerFile {
  readonly machine_id: string;
  readonly file_path: string;
  readonly bytes_written: number;
  readonly holes: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
}

/** The files of which bytes were written and are in no record; nothing where there is none. */
export function FilesWithHoles() {
  const ledger = useAsk<{ files: readonly LedgerFile[]; files_left_out: number }>(
    '/api/v1/files/ledger',
    { holes: 'true', limit: String(MOST) },
    EVERY_MS,
  );
  const files = ledger.data?.files ?? [];
  if (files.length === 0) return null;
  return (
    <section class="panel table-scroll">
      <h2>Files with holes</h2>
      <p class="hint">These bytes were written and are in no record.</p>
      <table>
        <thead>
          <tr>
            {['Machine', 'File'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              Written
            </th>
            <th scope="col" class="number">
              Missing
            </th>
            <th scope="col">Where and why</th>
          </tr>
        </thead>
        <tbody>
          {files.map(({ machine_id, file_path, bytes_written, holes }) => (
            <tr key={`${machine_id} ${file_path}`}>
              <td class="agent-id">
                <Link to={addressOf('/ui/fleet/agent', { id: machine_id })}>{machine_id}</Link>
              </td>
              <td class="path">{file_path}</td>
              <td class="number">{formatBytes(bytes_written)}</td>
              <td class="number">{formatBytes(holes.reduce((sum, { from, to }) => sum + to - from, 0))}</td>
              <td>
                {holes
                  .slice(-MOST_HOLES)
                  .map(({ from, to, reason }) => `bytes ${from} to ${to}: ${reason}`)
                  .join('; ')}
                {holes.length > MOST_HOLES && ` and ${counted(holes.length - MOST_HOLES, 'earlier hole')}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {ledger.data!.files_left_out > 0 && (
        <p class="absent">{counted(ledger.data!.files_left_out, 'further file')} not shown.</p>
      )}
    </section>
  );
}
