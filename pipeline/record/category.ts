/** The fields of a record that show which service it belongs to; '' where the record does not have the field. */
export interface CategoryEvidence {
  readonly service: string;
  readonly file_path: string;
  readonly machine_id: string;
  readonly container_name: string;
  readonly message: string;
}

/** Returns the service of a record: never empty, `uncategorized` where there is no evidence. */
export type Categorize = (evidence: CategoryEvidence) => string;

export const UNCATEGORIZED = 'uncategorized';

/** The part of a regular expression's interface that a rule needs. */
export interface TextPattern {
  test(text: string): boolean;
}

/** One line of the table that sorts records into services. At least one kind of evidence is given. */
export interface CategoryRule {
  readonly service: string;
  /** Whole words, lower case, of a file's name, of the two folders above it, or of a container's name. */
  readonly words?: readonly string[];
  /** Matched with the whole path, with `/` between its parts. */
  readonly path?: TextPattern;
  readonly container?: TextPattern;
  /** Matched with the line as its program wrote it: with the form of its head, never with a mention in its text. */
  readonly program?: TextPattern;
}

/** The built-in services, in the order in which they are listed. */
export const BUILT_IN_SERVICES = [
  'server',
  'client',
  'vllm',
  'vector-db',
  'monitoring',
  UNCATEGORIZED,
] as const;

/** The first match wins, so the more specific word comes first: `loadgen-vllm` is a client, `vllm_server` is vllm. */
export const BUILT_IN_RULES: readonly CategoryRule[] = [
  {
    service: 'client',
    words: ['loadgen', 'locust', 'client', 'clients', 'k6', 'jmeter', 'vegeta', 'loadtest'],
    program: /^\[[\d-]+ [\d:,]+\] [\w.-]+\/[A-Z]+\/locust\./,
  },
  {
    service: 'monitoring',
    words: [
      'prometheus',
      'exporter',
      'dcgm',
      'grafana',
      'monitor',
      'monitoring',
      'alertmanager',
      'telegraf',
      'nvtop',
    ],
    program: /^(?:[\w.-]+ *\| )?(?:ts|time)=\S+ (?:(?:level=\w+ )?(?:caller|source)=\w+\.go:\d+)/,
  },
  {
    service: 'vector-db',
    words: ['qdrant', 'milvus', 'weaviate', 'chroma', 'chromadb', 'pgvector', 'vectordb'],
    path: /(?:^|[/_-])vector[-_]db(?=[/._-])/,
    program: /^[\dT:.-]+Z? +[A-Z]+ qdrant(?:::\w+)*: /,
  },
  {
    service: 'vllm',
    words: ['vllm'],
    program:
      /^(?:\((?:APIServer|EngineCore\w*|VllmWorker\w*|Worker\w*) pid=\d+\) )?(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[?(?:[\w/]+\/)?\w+\.py:\d+\] /,
  },
  {
    service: 'server',
    words: [
      'server',
      'backend',
      'api',
      'service',
      'uvicorn',
      'gunicorn',
      'nginx',
      'gateway',
      'pm2',
      'openstack',
      'frontend',
    ],
    program:
      /^(?:INFO: +[\da-f.:]+:\d+ - "[A-Z]+ |INFO: +(?:Started server process|Uvicorn running on)|[\d.]+ - - \[\d\d\/\w{3}\/\d{4}|\S*nova-\w+\.log\S* |[\d-]+ [\d:.,]+ \[[\w.-]+\] [A-Z]+ +[\w.[\]/]+ - |[\dT:-]+: PM2 |(?:[\w.-]+ *\| )?\{"message":.*"severity":"\w+","timestamp":|(?:[\w.-]+ *\| )?\{"level":(?:"\w+"|\d\d),"time":(?:"[^"]+"|\d+),"pid":\d+,"hostname":|(?:[\w.-]+ *\| )?[\d-]+ [\d:,]+ [A-Z]+ \[[\w.]+\] \[\w+\.py:\d+\] \[trace_id=\w+ span_id=\w+ )/,
  },
];
