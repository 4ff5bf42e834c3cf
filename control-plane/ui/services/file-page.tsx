import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { delay } from '../../../pipeline/runtime/delay.ts';
import { address, addressOf, useAddress } from '../address.ts';
import { type ApiError, askText } from '../api.ts';
import { browserPath } from '../base-path.ts';
import { viewAddress } from '../live/live-view.ts';
import { formatCount } from '../numbers.ts';
import { Link } from '../parts/link.tsx';
import { Problem } from '../parts/problem.tsx';
import { VirtualList, type VirtualRow } from '../parts/virtual-list.tsx';
import { quoteValue } from '../query/complete.ts';
import { useSettings } from '../settings.ts';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { useTitle } from '../use-title.ts';
import { DeleteFile } from './delete-file.tsx';

interface TextRow extends VirtualRow {
  readonly text: string;
  readonly number: number;
}

const TAILS = ['500', '5000', '50000'] as const;
const FOLLOW_MS = 2_000;
const MAX_CHARACTERS = 4_000;
const LINE_HEIGHT = 21;

/** The end of a file, followed while it grows. */
export function FilePage() {
  const { parameters } = useAddress();
  const path = parameters.get('path') ?? '';
  const [tail, setTail] = useState<string>(TAILS[0]);
  const [following, setFollowing] = useState(true);
  const follows = useRef(following);
  follows.current = following;
  const [content, setContent] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const { wrap } = useSettings().values;
  const name = path.split('/').at(-1) ?? '';
  useTitle(name);

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const read = async () => {
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        // Who has scrolled up reads what is there: the lines do not move under him.
        const isWanted = () => isFirst || follows.current;
        if (isWanted()) {
          try {
            const text = await askText('/logs/content', { path, tail }, { signal });
            if (isWanted()) setContent(text);
            setProblem(undefined);
          } catch (error) {
            if (signal.aborted) return;
            setProblem((error as ApiError).message);
          }
        }
        await delay(FOLLOW_MS, signal);
      }
    };
    void read();
    return () => stop.abort();
  }, [path, tail]);

  const rows = useMemo(() => toRows(content ?? ''), [content]);
  const origin = originOf(path);
  return (
    <main class="page file-page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/services">Services</Link> / <Link to="/ui/services/files">Files</Link> /
        </p>
        <h1>{name}</h1>
        <select
          aria-label="Lines from the end"
          value={tail}
          onChange={(event) => setTail(event.currentTarget.value)}
        >
          {TAILS.map((count) => (
            <option key={count} value={count}>
              last {formatCount(Number(count))} lines
            </option>
          ))}
        </select>
        <label>
          <input
            type="checkbox"
            checked={following}
            onChange={(event) => setFollowing(event.currentTarget.checked)}
          />
          Follow
        </label>
        <a
          class="button"
          href={browserPath(addressOf('/logs/content', { path, download: 'true' }))}
          download={name}
        >
          Download
        </a>
        {origin !== undefined && (
          <Link to={viewAddress({ q: `file_path:${quoteValue(origin)}`, from: 'all' })} className="button">
            Search this file
          </Link>
        )}
        <DeleteFile path={path} name={name} onDone={() => address.go('/ui/services/files')} />
      </header>
      <Problem text={problem} />
      <div class="file-text">
        <VirtualList
          rows={rows}
          label={`Lines of ${name}`}
          estimate={LINE_HEIGHT}
          keyOf={(row: TextRow) => String(row.number)}
          indexOf={(row) => rows.indexOf(row)}
          render={(row) => (
            <div class="line file-line" role="option" aria-selected={false} tabIndex={-1}>
              <span class="message" dir="ltr">
                <MessageText text={row.text.slice(0, MAX_CHARACTERS)} matches={NO_MATCHES} />
              </span>
            </div>
          )}
          follow={following}
          onFollow={setFollowing}
          onNearStart={nothing}
          onNearEnd={nothing}
          className={`lines ${wrap ? 'wrap' : ''}`}
        />
        {content === '' && <p class="empty">The file is empty.</p>}
      </div>
    </main>
  );
}

function nothing(): void {}

function toRows(content: string): TextRow[] {
  const lines = content.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((text, number) => ({ text, number, height: 0 }));
}

/** Where a file that an agent shipped lies on its machine. */
function originOf(path: string): string | undefined {
  const parts = /^agents\/[^/]*\/(.+)$/.exec(path);
  return parts ? `/${parts[1]}` : undefined;
}
