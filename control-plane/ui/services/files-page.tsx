import { addressOf, useAddress } from '../address.ts';
import { formatBytes, formatCount } from '../numbers.ts';
import { ActionsHead } from '../parts/actions-head.tsx';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { DeleteFile } from './delete-file.tsx';
import type { LogFile } from './log-file.ts';

const MAX_SHOWN = 500;
const EVERY_MS = 10_000;

/** The files of one service, or of all. */
export function FilesPage() {
  const { parameters } = useAddress();
  const service = parameters.get('service') ?? '';
  useTitle(service === '' ? 'Files' : `Files of ${service}`);
  const files = useAsk<readonly LogFile[]>('/logs', { service, limit: String(MAX_SHOWN) }, EVERY_MS);
  return (
    <main class="page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/services">Services</Link> /
        </p>
        <h1>{service === '' ? 'All files' : service}</h1>
      </header>
      <AskedState asked={files}>
        {(list) =>
          list.length === 0 ? (
            <p class="absent">No files.</p>
          ) : (
            <div class="table-scroll panel">
              <table>
                <thead>
                  <tr>
                    <th scope="col">File</th>
                    <th scope="col">Machine</th>
                    <th scope="col">Service</th>
                    <th scope="col" class="number">
                      Size
                    </th>
                    <th scope="col" class="number">
                      Lines
                    </th>
                    <th scope="col">Changed</th>
                    <ActionsHead />
                  </tr>
                </thead>
                <tbody>
                  {list.map((file) => (
                    <tr key={file.path}>
                      <td>
                        <Link to={addressOf('/ui/services/file', { path: file.path })}>{file.filename}</Link>
                        <div class="hint path">{file.file_path}</div>
                      </td>
                      <td>{file.machine_id}</td>
                      <td>{file.service}</td>
                      <td class="number">{formatBytes(file.size_bytes)}</td>
                      <td class="number">{formatCount(file.record_count)}</td>
                      <td>
                        <TimeText time={file.modified_time} />
                      </td>
                      <td class="row-actions">
                        <DeleteFile path={file.path} name={file.filename} onDone={files.again} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {list.length === MAX_SHOWN && (
                <p class="hint">Only the {MAX_SHOWN} files that changed last are shown.</p>
              )}
            </div>
          )
        }
      </AskedState>
    </main>
  );
}
