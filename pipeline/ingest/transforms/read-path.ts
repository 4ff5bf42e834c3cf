import { readJobPath } from './read-job-path.ts';

/** The facts about records in their file's path; '' for those that it does not have. */
export interface PathFacts {
  readonly job_id: string;
  readonly node_id: string;
  readonly container_name: string;
  readonly source: string;
}

/** Paths remembered: a fleet has thousands, and each has many records. */
const REMEMBERED = 10_000;
const NO_FACTS: PathFacts = { job_id: '', node_id: '', container_name: '', source: '' };

/** Kubernetes: `containers/POD_NAMESPACE_CONTAINER-ID.log`, and where that link leads, `pods/NAMESPACE_POD_UID/CONTAINER/0.log`. */
const KUBERNETES =
  /\/(?:containers\/[a-z\d.-]+_[a-z\d-]+_([a-z\d-]+)-[\da-f]{64}\.log|pods\/[a-z\d-]+_[a-z\d.-]+_[\da-f-]{32,36}\/([a-z\d-]+)\/\d+\.log)$/;

function containerOf(path: string): string {
  const match = KUBERNETES.exec(path);
  return match ? (match[1] ?? match[2]!) : '';
}

function sourceOf(path: string, jobId: string): string {
  if (/\/\.?pm2\//.test(path)) return 'pm2';
  if (/(?:^|\/)containers\/|-json\.log$/.test(path)) return 'docker';
  return jobId !== '' || /(?:^|[/_-])slurm[^/]*\.(?:out|err)$/.test(path) ? 'slurm' : '';
}

/** Creates a reader that remembers the paths that it has read. */
export function createPathReader(): (path: string) => PathFacts {
  const known = new Map<string, PathFacts>();
  return (path) => {
    if (path === '') return NO_FACTS;
    let facts = known.get(path);
    if (!facts) {
      const { job_id, node_id } = readJobPath(path);
      const container_name = containerOf(path);
      const source = container_name === '' ? sourceOf(path, job_id) : 'docker';
      facts = { job_id, node_id, container_name, source };
      if (known.size >= REMEMBERED) known.clear();
      known.set(path, facts);
    }
    return facts;
  };
}
