/** Secrets that are none, put together here so that no scanner takes this file for a leak: [form, text, the secret in it]. */
const letters = (count: number) => 'aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL'.repeat(8).slice(0, count);
const upper = (count: number) => 'Q7RS3TUV2WXY5ZAB6CDE'.repeat(4).slice(0, count);
const hex = (count: number) => '9f86d081884c7d65'.repeat(8).slice(0, count);

const KEY_LINES = [letters(64), letters(64), letters(32)].join('\n');
const jwt = `eyJ${letters(30)}.eyJ${letters(60)}.${letters(43)}`;

export interface PlantedSecret {
  readonly form: string;
  /** What is logged. */
  readonly text: string;
  /** What must not be found anywhere. */
  readonly secret: string;
}

function plant(
  form: string,
  secret: string,
  around: (secret: string) => string = (given) => `got ${given} here`,
): PlantedSecret {
  return { form, secret, text: around(secret) };
}

export const PLANTED_SECRETS: readonly PlantedSecret[] = [
  plant(
    'private_key',
    KEY_LINES,
    (key) => `-----BEGIN RSA PRIVATE KEY-----\n${key}\n-----END RSA PRIVATE KEY-----`,
  ),
  plant('private_key', letters(60), (key) => `loaded -----BEGIN PRIVATE KEY-----\n${key}`),
  plant('jwt', jwt),
  plant('jwt', jwt, (token) => `Authorization: Bearer ${token}`),
  plant('aws_key', `AKIA${upper(16)}`),
  plant('aws_key', `ASIA${upper(16)}`, (key) => `aws_access_key_id=${key}`),
  plant('assignment', letters(40), (key) => `aws_secret_access_key = ${key}`),
  plant('google_key', `AIza${letters(35)}`, (key) => `GET /maps?key=${key}&q=1`),
  plant('google_key', `ya29.${letters(40)}`),
  plant('github_token', `ghp_${letters(36)}`, (token) => `git clone https://${token}@github.com/a/b`),
  plant('github_token', `github_pat_${letters(60)}`),
  plant('gitlab_token', `glpat-${letters(20)}`),
  plant('slack_token', `xoxb-${hex(12)}-${letters(24)}`),
  plant(
    'webhook',
    `T0${upper(8)}/B0${upper(8)}/${letters(24)}`,
    (path) => `POST https://hooks.slack.com/services/${path}`,
  ),
  plant('webhook', `${'1'.repeat(18)}/${letters(60)}`, (path) => `https://discord.com/api/webhooks/${path}`),
  plant('stripe_key', `sk_live_${letters(24)}`),
  plant('stripe_key', `whsec_${letters(32)}`),
  plant('ai_key', `sk-${letters(48)}`, (key) => `OPENAI_API_KEY is ${key}`),
  plant('ai_key', `sk-ant-api03-${letters(80)}`),
  plant('ai_key', `hf_${letters(34)}`, (key) => `login(token="${key}")`),
  plant('ai_key', `nvapi-${letters(64)}`),
  plant('package_token', `npm_${letters(36)}`),
  plant('package_token', `pypi-AgE${letters(80)}`),
  plant('cloud_token', `dop_v1_${hex(64)}`),
  plant('cloud_token', `hvs.${letters(90)}`),
  plant('cloud_token', `SG.${letters(22)}.${letters(43)}`),
  plant('dash0_token', `auth_${letters(32)}`),
  plant('age_key', `AGE-SECRET-KEY-1${upper(58)}`),
  plant('url_password', 'correct-horse', (password) => `dial postgres://app:${password}@db:5432/prod failed`),
  plant('url_password', 'hunter2', (password) => `redis://:${password}@cache:6379`),
  plant('signed_url', letters(64), (sig) => `PUT https://s3/x?X-Amz-Date=1&X-Amz-Signature=${sig}`),
  plant('bearer', letters(40), (token) => `curl -H "X: Bearer ${token}"`),
  plant('bearer', 'dXNlcjpwYXNzd29yZA==', (value) => `sent Basic ${value}`),
  plant('header', 'dXNlcjpwYXNz', (value) => `> authorization: Basic ${value}`),
  plant('header', 'sid=s3cr3t', (value) => `Cookie: theme=dark; ${value}; a=b`),
  plant('assignment', 'swordfish', (password) => `password: ${password}`),
  plant('assignment', 'hunter2', (password) => `connect user=app Password='${password}' db=x`),
  plant('assignment', 'two words', (password) => `{"db_password":"${password}","port":5432}`),
  plant('assignment', 'pa55-w0rd', (password) => `\x1b[36mpassword\x1b[0m=\x1b[35m${password}\x1b[0m`),
  plant('assignment', 'deep\u00e9', (password) =>
    JSON.stringify({ a: JSON.stringify({ client_secret: password }) }),
  ),
  plant('assignment', letters(24), (token) => `ACCESS_TOKEN=${token} node server.js`),
  plant('assignment', letters(24), (token) => `refreshToken => ${token}`),
  plant('assignment', letters(32), (key) => `Server=x;AccountKey=${key};EndpointSuffix=core`),
  plant('option', 'hunter2', (password) => `exec mysql --user root --password ${password} -e 1`),
];

/** What looks alike and is to stay as it is. */
export const NO_SECRETS: readonly string[] = [
  'Avg prompt throughput: 512.0 tokens/s, KV cache usage: 31.2%',
  'next token: hello, max_tokens: 4096, total_tokens=12345678',
  'tokenizer: loading /models/llama/tokenizer.json',
  'task-4711 started on disk-0123456789abcdef0123456789',
  'Failed password for root from 10.0.0.1 port 22 ssh2',
  'secret: not found; token: expired; authorization failed',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell writes it so
  'password: null, api_key=None, token=${TOKEN}, secret="***"',
  'Bearer authentication is required, basic authorization too',
  'user@host:~$ ssh admin@10.0.0.1; GET http://host:8080/a/b@c',
  'cmpl-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'order 4111-1111-1111-1112 and mail to someone',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  'eyJhbGciOiJIUzI1NiJ9 alone, monkey: 5, keys: 3, key=value',
];
