import { address, addressOf, useAddress } from '../address.ts';
import { formatCount, formatDuration } from '../numbers.ts';
import { AskedState } from '../parts/asked-state.tsx';
import { Link } from '../parts/link.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { useAsk } from '../use-ask.ts';
import { useTitle } from '../use-title.ts';
import { durationOf, type JobSummary, lookOfState, tasksText } from './job.ts';

const PATH = '/ui/jobs';
const STATES = ['RUNNING', 'FAILED', 'COMPLETED', 'CANCELLED', 'TIMEOUT', 'OUT_OF_MEMORY', 'PENDING'];
const EVERY_MS = 5_000;

interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly next_cursor: string | null;
}

/** SLURM jobs, the one that changed last first. */
export function JobsPage() {
  const { parameters } = useAddress();
  const state = parameters.get('state') ?? '';
  useTitle('Jobs');
  const q = parameters.get('q') ?? '';
  const jobs = useAsk<JobPage>('/api/v1/jobs', { state, q, limit: '200' }, EVERY_MS);
  return (
    <main class="page">
      <header class="page-head">
        <h1>Jobs</h1>
        <input
          type="search"
          aria-label="Search jobs"
          placeholder="Name, user, partition, id"
          value={q}
          onChange={(event) => address.go(addressOf(PATH, { state, q: event.currentTarget.value }))}
        />
        <select
          aria-label="State"
          value={state}
          onChange={(event) => address.go(addressOf(PATH, { state: event.currentTarget.value, q }))}
        >
          <option value="">All states</option>
          {STATES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      <AskedState asked={jobs}>
        {({ jobs: list, next_cursor }) =>
          list.length === 0 ? (
            <p class="absent">No job is known.</p>
          ) : (
            <div class="table-scroll panel">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Job</th>
                    <th scope="col">State</th>
                    <th scope="col">Exit</th>
                    <th scope="col">Nodes</th>
                    <th scope="col">Services</th>
                    <th scope="col" class="number">
                      Lines
                    </th>
                    <th scope="col" class="number">
                      Errors
                    </th>
                    <th scope="col">Duration</th>
                    <th scope="col">Newest line</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((job) => (
                    <JobRow key={job.job_id} job={job} />
                  ))}
                </tbody>
              </table>
              {next_cursor !== null && <p class="hint">Older jobs are not shown.</p>}
            </div>
          )
        }
      </AskedState>
    </main>
  );
}

function JobRow({ job }: { readonly job: JobSummary }) {
  const nodes = job.nodes.length > 0 ? job.nodes : job.machines;
  const duration = durationOf(job);
  return (
    <tr>
      <td>
        <Link to={addressOf('/ui/jobs/job', { id: job.job_id })}>{job.job_id}</Link> {job.name}{' '}
        {job.user && <span class="hint">{job.user}</span>}
      </td>
      <td>
        <span class={`tag ${lookOfState(job.state)}`}>{job.state}</span>{' '}
        {(job.tasks || job.reason) && (
          <span class="hint">{job.tasks ? tasksText(job.tasks) : job.reason}</span>
        )}
      </td>
      <td>{job.exit_code ?? ''}</td>
      <td>
        {nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ')}
      </td>
      <td>{job.services.join(', ')}</td>
      <td class="number">{formatCount(job.record_count)}</td>
      <td class={`number ${job.error_count > 0 ? 'bad' : ''}`}>{formatCount(job.error_count)}</td>
      <td>{duration !== undefined && formatDuration(duration)}</td>
      <td>{job.last_seen !== null && <TimeText time={job.last_seen} />}</td>
    </tr>
  );
}
