import { useAddress } from '../address.ts';
import { viewAddress } from '../live/live-view.ts';
import type { LogRecord } from '../live/log-record.ts';
import { formatCount, formatDuration } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Figure } from '../parts/figure.tsx';
import { Link } from '../parts/link.tsx';
import { quoteValue } from '../query/complete.ts';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { formatTime } from '../times.ts';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { durationOf, type Job, lookOfState, tasksText } from './job.ts';
import { RankLanes } from './rank-lanes.tsx';

const LINES = '200';
const EVERY_MS = 3_000;
const MAX_SHOWN = 5_000;
const MAX_LINES = 40;

/** One job: what failed first, its runs, and what each rank wrote, side by side. */
export function JobPage() {
  const { parameters } = useAddress();
  const id = parameters.get('id') ?? '';
  useTitle(`Job ${id}`);
  const job = useAsk<Job>(`/api/v1/jobs/${encodeURIComponent(id)}`, { lines: LINES }, EVERY_MS);
  return (
    <main class="page job-page">
      <header class="page-head">
        <p class="crumbs">
          <Link to="/ui/jobs">Jobs</Link> /
        </p>
        <h1>
          {id} {job.data?.name}
        </h1>
        <Link to={viewAddress({ q: `job_id:${quoteValue(id)}`, from: 'all' })} className="button">
          Live lines
        </Link>
      </header>
      <AskedState asked={job} absent={`No job has the id ${id}.`}>
        {(data) => (
          <>
            <Facts job={data} />
            {data.submit_line && (
              <section class="panel">
                <h2>Submitted as</h2>
                <pre dir="ltr">{data.submit_line}</pre>
                {data.work_dir && <p class="hint">in {data.work_dir}</p>}
              </section>
            )}
            {data.record_count === 0 && (
              <p class="absent">This job has written no line that is known here.</p>
            )}
            <FirstFailure job={data} />
            {data.attempts.length > 1 && <Attempts job={data} />}
            {data.ranks.length > 0 && <RankLanes job={data} />}
          </>
        )}
      </AskedState>
    </main>
  );
}

function Facts({ job }: { readonly job: Job }) {
  const nodes = job.nodes.length > 0 ? job.nodes : job.machines;
  const from = job.started_at ?? job.submitted_at ?? job.first_seen;
  const length = durationOf(job);
  return (
    <dl class="figures panel">
      <Figure name="State" className={lookOfState(job.state)}>
        {job.state}
      </Figure>
      {job.reason && <Figure name="Reason">{job.reason}</Figure>}
      {job.tasks && <Figure name="Tasks">{tasksText(job.tasks)}</Figure>}
      {job.exit_code !== null && <Figure name="Exit">{job.exit_code}</Figure>}
      {job.user && <Figure name="User">{job.account ? `${job.user} (${job.account})` : job.user}</Figure>}
      {from !== null && (
        <Figure name={job.started_at === null ? 'Submitted' : 'Start'}>{formatTime(Date.parse(from))}</Figure>
      )}
      {length !== undefined && <Figure name="Length">{formatDuration(length)}</Figure>}
      {job.limit_s !== undefined && <Figure name="Limit">{formatDuration(job.limit_s * 1000)}</Figure>}
      {job.gpus !== null && <Figure name="GPUs">{job.gpus}</Figure>}
      <Figure name="Lines">{formatCount(job.record_count)}</Figure>
      <Figure name="Errors" className={job.error_count > 0 ? 'bad' : ''}>
        {formatCount(job.error_count)}
      </Figure>
      {job.partition && <Figure name="Partition">{job.partition}</Figure>}
      <Figure name="Nodes">{nodes.join(', ') || '–'}</Figure>
    </dl>
  );
}

function FirstFailure({ job }: { readonly job: Job }) {
  const { first_error: error, first_failed_rank: rank, failed_ranks: failed } = job;
  if (!error) return null;
  return (
    <section class="panel first-failure">
      <h2>
        First failure{rank !== null && `: rank ${rank}`}
        {failed.length > 1 && <span class="hint"> of {failed.length} ranks that failed</span>}
      </h2>
      <p class="hint">{formatTime(Date.parse(error.timestamp))}</p>
      <pre dir="ltr">
        <MessageText text={failureText(job, error).slice(0, MAX_SHOWN)} matches={NO_MATCHES} />
      </pre>
      <Link to={viewAddress({ q: `job_id:${quoteValue(job.job_id)}`, from: 'all', line: error.id })}>
        Show the lines around it
      </Link>
    </section>
  );
}

/** The line, with what the rank wrote from then on: of a stack trace the last line says most. */
function failureText({ ranks, first_failed_rank: rank }: Job, { timestamp, message }: LogRecord): string {
  const lines = ranks.find((lane) => lane.rank === rank)?.lines ?? [];
  const from = lines.findIndex((line) => line.timestamp === timestamp && line.message === message);
  if (from < 0) return message;
  return lines
    .slice(from, from + MAX_LINES)
    .map((line) => line.message)
    .join('\n');
}

function Attempts({ job }: { readonly job: Job }) {
  return (
    <section class="panel">
      <h2>Attempts</h2>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {['Run', 'State', 'Exit', 'Start', 'End', 'Nodes'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {job.attempts.map((run) => (
              <tr key={`${run.array_task_id} ${run.attempt}`}>
                <td>
                  {run.attempt} {run.array_task_id !== undefined && `of task ${run.array_task_id}`}
                </td>
                <td class={lookOfState(run.state)}>{run.state}</td>
                <td>{run.exit_code ?? ''}</td>
                <td>{run.start && formatTime(Date.parse(run.start))}</td>
                <td>{run.end && formatTime(Date.parse(run.end))}</td>
                <td>{run.nodes.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
