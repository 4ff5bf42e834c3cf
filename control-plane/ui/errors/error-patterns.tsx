import { viewAddress } from '../live/live-view.ts';
import { formatCount, formatShare } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { foldMessage } from '../text/fold-message.ts';
import { MessageText } from '../text/message-text.tsx';
import { useAsk } from '../use-ask.ts';

interface Pattern {
  readonly pattern: string;
  readonly count: number;
  readonly share: number;
  readonly level: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly is_new: boolean;
  readonly sample: string;
}

interface Patterns {
  readonly patterns: readonly Pattern[];
  readonly total: number;
  readonly sampled: number;
}

const ERRORS = 'level:error OR level:fatal';
const EVERY_MS = 20_000;

/** Error lines grouped by message pattern; new patterns come first. */
export function ErrorPatterns({ from }: { readonly from: string }) {
  const asked = useAsk<Patterns>('/api/v1/logs/patterns', { q: ERRORS, from, limit: '60' }, EVERY_MS);
  return (
    <section class="panel">
      <h2>Patterns of error lines</h2>
      <AskedState asked={asked}>
        {({ patterns, total, sampled }) =>
          patterns.length === 0 ? (
            <p class="absent">No errors in this range.</p>
          ) : (
            <>
              <div class="table-scroll">
                <table class="patterns">
                  <thead>
                    <tr>
                      <th scope="col">Line</th>
                      <th scope="col" class="number">
                        Count
                      </th>
                      <th scope="col" class="number">
                        Share
                      </th>
                      <th scope="col">First</th>
                      <th scope="col">Last</th>
                    </tr>
                  </thead>
                  <tbody>
                    {newFirst(patterns).map((pattern) => (
                      <PatternRow key={pattern.pattern} pattern={pattern} from={from} />
                    ))}
                  </tbody>
                </table>
              </div>
              {sampled < total && (
                <p class="hint">
                  From an even sample of {formatCount(sampled)} of {formatCount(total)} lines.
                </p>
              )}
            </>
          )
        }
      </AskedState>
    </section>
  );
}

function PatternRow({ pattern, from }: { readonly pattern: Pattern; readonly from: string }) {
  const { text, rest } = foldMessage(pattern.sample, false);
  return (
    <tr>
      <td class="pattern">
        {pattern.is_new && <span class="tag careful">new</span>}{' '}
        <span class={`level-${pattern.level.toLowerCase()}`}>{pattern.level}</span>{' '}
        <Link to={viewAddress({ q: queryOf(pattern.pattern), from })}>
          <MessageText text={text.slice(0, 300)} matches={NO_MATCHES} />
        </Link>
        {rest !== '' && <span class="rest">{rest}</span>}
      </td>
      <td class="number">{formatCount(pattern.count)}</td>
      <td class="number">{formatShare(pattern.share)}</td>
      <td>
        <TimeText time={pattern.first_seen} />
      </td>
      <td>
        <TimeText time={pattern.last_seen} />
      </td>
    </tr>
  );
}

function newFirst(patterns: readonly Pattern[]): Pattern[] {
  return patterns.toSorted((a, b) => Number(b.is_new) - Number(a.is_new) || b.count - a.count);
}

const MAX_PIECES = 3;

/** A query for the lines of a pattern: its longest constant texts. */
function queryOf(pattern: string): string {
  const pieces = pattern
    .split(/<(?:str|uuid|ip|path|num|hex|id)>|\n/)
    .map((piece) => piece.trim())
    .filter((piece) => piece.length > 3);
  const longest = pieces.toSorted((a, b) => b.length - a.length).slice(0, MAX_PIECES);
  return longest.map((piece) => `"${piece.replace(/["\\]/g, '\\$&')}"`).join(' ');
}
