import { memo } from '../parts/memo.ts';
import { serviceHue } from '../parts/service-hue.ts';
import { colouredMessage } from '../text/coloured-message.ts';
import { type FindMatches, NO_MATCHES } from '../text/find-matches.ts';
import { foldMessage } from '../text/fold-message.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatClock, formatTime } from '../times.ts';
import { summaryOf } from './line-summary.ts';
import type { LineRow } from './log-window.ts';

export interface LogLineProps {
  readonly row: LineRow;
  readonly unfolded: boolean;
  readonly selected: boolean;
  readonly matches: FindMatches;
  readonly showMachine: boolean;
  /** Makes it draw again when times are to be shown in another zone. */
  readonly utc: boolean;
}

export const lineId = (row: LineRow) => `line-${row.record.id}`;

/** One line of the log; a click is taken by the list (`data-…` says where). */
export const LogLine = memo(function LogLine({
  row,
  unfolded,
  selected,
  matches,
  showMachine,
}: LogLineProps) {
  const { record } = row;
  const { text, rest } = foldMessage(colouredMessage(record), unfolded);
  const summary = summaryOf(record);
  const time = Date.parse(record.timestamp);
  const level = record.level.toLowerCase();
  return (
    <div
      id={lineId(row)}
      class={`line line-${level}`}
      role="option"
      aria-selected={selected}
      data-id={record.id}
      tabIndex={-1}
    >
      <time dateTime={record.timestamp} title={formatTime(time)}>
        {formatClock(time)}
      </time>
      <span class={`level level-${level}`}>{record.level}</span>
      {showMachine && <span class="machine">{record.machine_id}</span>}
      <span class={`service hue-${serviceHue(record.service ?? '')}`}>{record.service}</span>
      <span class="message" dir="ltr">
        <MessageText text={text} matches={matches} />
        {summary !== '' && (
          <span class="summary">
            <MessageText text={summary} matches={NO_MATCHES} />
          </span>
        )}
        {rest !== '' && (
          <span class="rest" data-fold="">
            {rest}
          </span>
        )}
      </span>
    </div>
  );
});
