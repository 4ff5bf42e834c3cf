import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { browserPath } from '../base-path.ts';
import { formatBytes } from '../numbers.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { writeJson } from '../text/exact-json.ts';
import { type FindMatches, NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { prettyJson } from '../text/pretty-json.ts';
import { formatTime } from '../times.ts';
import { changeView, type LiveView, viewAddress, withValue } from './live-view.ts';
import type { LogRecord } from './log-record.ts';
import { SurroundingLines } from './surrounding-lines.tsx';

/** Characters of the text, and of a field, that are drawn before the reader asks for all of it. */
const MAX_SHOWN = 50_000;
const MAX_OF_FIELD = 5_000;
const FIRST = ['timestamp', 'level', 'service', 'machine_id', 'file_path', 'source', 'job_id'];

export interface LineDetailProps {
  readonly record: LogRecord;
  readonly view: LiveView;
  readonly matches: FindMatches;
  /** One of its neighbours is to be shown, which the list may not hold. */
  readonly onChoose: (record: LogRecord) => void;
  readonly onClose: () => void;
}

/** Everything that is known of one line. */
export function LineDetail({ record, view, matches, onChoose, onClose }: LineDetailProps) {
  const fields = useMemo(() => fieldsOf(record), [record]);
  const json = useMemo(() => prettyJson(record.message), [record]);
  const permalink = location.origin + browserPath(viewAddress({ ...view, line: record.id }));
  return (
    <aside class="detail" aria-label="Selected line">
      <header>
        <h2>
          <span class={`level level-${record.level.toLowerCase()}`}>{record.level}</span>{' '}
          <time dateTime={record.timestamp}>{formatTime(Date.parse(record.timestamp))}</time>
        </h2>
        <button type="button" class="plain" aria-label="Close the line" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="detail-body">
        <div class="actions">
          <CopyButton text={() => record.message}>Copy text</CopyButton>
          <CopyButton text={() => writeJson(record, 2)}>Copy JSON</CopyButton>
          <CopyButton text={() => permalink}>Copy link</CopyButton>
        </div>
        <LongText text={json ?? record.message} matches={matches} />
        <h3>Fields</h3>
        <dl class="fields">
          {fields.map(([name, value]) => (
            <Field key={name} name={name} value={value} view={view} />
          ))}
        </dl>
        <SurroundingLines record={record} onChoose={onChoose} />
      </div>
    </aside>
  );
}

/** What is drawn of a text, and what shows all of it. */
function useCut(text: string, max: number): { shown: string; more: ComponentChildren } {
  const [all, setAll] = useState(false);
  if (all || text.length <= max) return { shown: text, more: null };
  const more = (
    <p>
      <button type="button" onClick={() => setAll(true)}>
        Show all {formatBytes(text.length)}
      </button>
    </p>
  );
  return { shown: text.slice(0, max), more };
}

function LongText({ text, matches }: { readonly text: string; readonly matches: FindMatches }) {
  const { shown, more } = useCut(text, MAX_SHOWN);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with keys */}
      <pre class="detail-text" tabIndex={0} dir="ltr">
        <MessageText text={shown} matches={text.length > MAX_SHOWN ? NO_MATCHES : matches} />
      </pre>
      {more}
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly value: unknown;
  readonly view: LiveView;
}

function Field({ name, value, view }: FieldProps) {
  const text = typeof value === 'string' ? value : writeJson(value);
  const { shown, more } = useCut(text, MAX_OF_FIELD);
  const canFilter = typeof value !== 'object' && name !== 'id' && text.length <= 1_000;
  return (
    <div class="field">
      <dt>{name}</dt>
      <dd dir="ltr">
        <MessageText text={shown} matches={NO_MATCHES} />
        {more}
      </dd>
      <dd class="field-actions">
        {canFilter && (
          <>
            <button
              type="button"
              class="plain"
              aria-label={`Only lines with this ${name}`}
              title="Only lines with this value"
              onClick={() => changeView(withValue(view, name, text, true))}
            >
              <Icon name="plus" />
            </button>
            <button
              type="button"
              class="plain"
              aria-label={`Lines without this ${name}`}
              title="Only lines without this value"
              onClick={() => changeView(withValue(view, name, text, false))}
            >
              <Icon name="minus" />
            </button>
          </>
        )}
        <CopyButton text={() => text} name={`Copy ${name}`} className="plain">
          <Icon name="copy" />
        </CopyButton>
      </dd>
    </div>
  );
}

/** The fields but for the message, the usual ones first; of nested objects the members under dotted names. */
function fieldsOf(record: LogRecord): [string, unknown][] {
  const { message: _, ...rest } = record;
  const flat = Object.entries(rest).flatMap(([name, value]) => flatten(name, value, 0));
  const rank = (name: string) => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  return flat.sort(([a], [b]) => rank(a) - rank(b));
}

function flatten(name: string, value: unknown, depth: number): [string, unknown][] {
  const isGroup =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isGroup || depth > 4) return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(`${name}.${key}`, inner, depth + 1));
}
