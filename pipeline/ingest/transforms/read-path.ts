import { readJobPath } from './read-job-path.ts';

/** The facts about records in their file's path; '' for those that it does not have. */
export interface PathFacts {
  readonly job_id: string;
  readonly node_id: string;
  readonly container_name: string;
  readonly source: string;
  /** JSON of further fields without braces. */
  readonly members: string;
}

/** Paths remembered: a fleet has thousands, and each has many records. */
const REMEMBERED = 10_000;
const NO_FACTS: PathFacts = { job_id: '', node_id: '', container_name: '', source: '', members: '' };

/** Kubernetes: `containers/POD_NAMESPACE_CONTAINER-ID.log`, and where that link leads, `pods/NAMESPACE_POD_UID/CONTAINER/0.log`. */
const KUBERNETES =
  /\/(?:containers\/(?<pod>[a-z\d.-]+)_(?<namespace>[a-z\d-]+)_(?<name>[a-z\d-]+)-(?<id>[\da-f]{64})\.log|pods\/(?<namespace2>[a-z\d-]+)_(?<pod2>[a-z\d.-]+)_[\da-f-]{32,36}\/(?<name2>[a-z\d-]+)\/\d+\.log)$/;

/** What OpenTelemetry calls the parts of such a path. */
function readKubernetes(path: string): { readonly name: string; readonly members: string } | undefined {
  const groups = KUBERNETES.exec(path)?.groups;
  if (!groups) return undefined;
  const fields = {
    'k8s.namespace.name': groups.namespace ?? groups.namespace2,
    'k8s.pod.name': groups.pod ?? groups.pod2,
    'container.id': groups.id,
  };
  return { name: (groups.name ?? groups.name2)!, members: JSON.stringify(fields).slice(1, -1) };
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
      const kubernetes = readKubernetes(path);
      const container_name = kubernetes?.name ?? '';
      const source = kubernetes ? 'docker' : sourceOf(path, job_id);
      facts = { job_id, node_id, container_name, source, members: kubernetes?.members ?? '' };
      if (known.size >= REMEMBERED) known.clear();
      known.set(path, facts);
    }
    return facts;
  };
}
