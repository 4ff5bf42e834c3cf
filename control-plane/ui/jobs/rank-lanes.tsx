import { useRef } from 'preact/hooks';
import { counted } from '../numbers.ts';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatClock } from '../times.ts';
import type { Job, JobRank } from './job.ts';

const nameOf = ({ rank }: JobRank) => (rank === null ? 'no rank' : `rank ${rank}`);
const MAX_SHOWN = 600;

/** A lane for each rank with its newest lines; the strip above leads to them. */
export function RankLanes({ job }: { readonly job: Job }) {
  const lanes = useRef<HTMLDivElement>(null);
  const show = (index: number) =>
    lanes.current?.children[index]?.scrollIntoView({ block: 'nearest', inline: 'center' });
  return (
    <section class="panel">
      <h2>Ranks</h2>
      {job.ranks.length > 1 && (
        <div class="rank-strip">
          {job.ranks.map((rank, index) => (
            <button
              key={nameOf(rank)}
              type="button"
              class={rank.error_count > 0 ? 'bad' : ''}
              title={`${counted(rank.record_count, 'line')}, ${counted(rank.error_count, 'error')}`}
              onClick={() => show(index)}
            >
              {rank.rank ?? 'none'}
              {rank.rank !== null && rank.rank === job.first_failed_rank && ' first failure'}
            </button>
          ))}
        </div>
      )}
      <div class="lanes" ref={lanes}>
        {job.ranks.map((rank) => (
          <Lane
            key={nameOf(rank)}
            rank={rank}
            isFirst={rank.rank !== null && rank.rank === job.first_failed_rank}
          />
        ))}
      </div>
    </section>
  );
}

function Lane({ rank, isFirst }: { readonly rank: JobRank; readonly isFirst: boolean }) {
  return (
    <section class={`lane ${isFirst ? 'is-first' : ''}`} aria-label={nameOf(rank)}>
      <h3>
        {nameOf(rank)}{' '}
        <span class="hint">
          {counted(rank.record_count, 'line')}
          {rank.error_count > 0 && (
            <>
              , <span class="bad">{counted(rank.error_count, 'error')}</span>
            </>
          )}
        </span>
        {isFirst && <span class="tag bad">failed first</span>}
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with keys */}
      <ol tabIndex={0} aria-label={`Lines of ${nameOf(rank)}`}>
        {rank.lines.map((line, index) => (
          <li key={index} class={`line-${line.level.toLowerCase()}`} dir="ltr">
            <time dateTime={line.timestamp}>{formatClock(Date.parse(line.timestamp)).slice(0, 8)}</time>{' '}
            <MessageText text={line.message.slice(0, MAX_SHOWN)} matches={NO_MATCHES} />
          </li>
        ))}
      </ol>
    </section>
  );
}
