import { useState } from 'preact/hooks';
import { NO_MATCHES } from '../text/find-matches.ts';
import { foldMessage } from '../text/fold-message.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatClock } from '../times.ts';
import { useAsk } from '../use-ask.ts';
import type { LogRecord } from './log-record.ts';

const STEP = 10;
const MAX_SHOWN = 500;

export interface SurroundingLinesProps {
  readonly record: LogRecord;
  readonly onChoose: (record: LogRecord) => void;
}

/** The lines before and after one, of the same file or container, whatever the page is filtered by. */
export function SurroundingLines({ record, onChoose }: SurroundingLinesProps) {
  const [lines, setLines] = useState({ before: 0, after: 0 });
  const asked = lines.before + lines.after > 0;
  const { data, error } = useAsk<{ records: readonly LogRecord[] }>(
    asked ? '/api/v1/logs/context' : undefined,
    {
      id: record.id,
      before: String(lines.before),
      after: String(lines.after),
    },
  );
  const origin = record.file_path ?? record.container_name ?? record.service ?? '';
  const more = (change: Partial<typeof lines>) => setLines({ ...lines, ...change });
  return (
    <section class="surrounding">
      <h3>Context</h3>
      {!asked && (
        <button type="button" onClick={() => setLines({ before: STEP, after: STEP })}>
          Show the lines around it in {String(origin).split('/').at(-1)}
        </button>
      )}
      {error && <p class="problem">{error.message}</p>}
      {asked && data && (
        <>
          <button
            type="button"
            class="link"
            disabled={lines.before >= MAX_SHOWN}
            onClick={() => more({ before: lines.before * 3 })}
          >
            More before
          </button>
          <ol>
            {data.records.map((line) => (
              <li key={line.id} class={line.id === record.id ? 'is-chosen' : ''}>
                <button
                  type="button"
                  class={`line-${line.level.toLowerCase()}`}
                  onClick={() => onChoose(line)}
                >
                  <time dateTime={line.timestamp}>{formatClock(Date.parse(line.timestamp))}</time>{' '}
                  <MessageText
                    text={foldMessage(line.message, false).text.slice(0, 500)}
                    matches={NO_MATCHES}
                  />
                </button>
              </li>
            ))}
          </ol>
          <button
            type="button"
            class="link"
            disabled={lines.after >= MAX_SHOWN}
            onClick={() => more({ after: lines.after * 3 })}
          >
            More after
          </button>
        </>
      )}
    </section>
  );
}
