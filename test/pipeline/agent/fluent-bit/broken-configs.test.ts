import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Problem } from '../../../../pipeline/agent/fluent-bit/problem.ts';
import { readProfile } from '../../../../pipeline/agent/fluent-bit/profile.ts';
import { renderConfig } from '../../../../pipeline/agent/fluent-bit/render-config.ts';
import { TEMPLATES_FOLDER, Templates } from '../../../../pipeline/agent/fluent-bit/templates.ts';
import { verifyConfig } from '../../../../pipeline/agent/fluent-bit/verify-config.ts';
import { fluentBit } from '../agent-on-machine.ts';

const REQUIRED = {
  MACHINE_ID: 'm',
  WORKER_ID: 'w',
  DEPLOYMENT_ENV: 'e',
  REGION: 'r',
  LOGS_HOST: 'h',
  LOGS_PORT: 80,
};
const source = (more: object) => ({ sources: [{ type: 'files', paths: ['/logs/*.log'], ...more }] });
const parser = (more: object) => ({ parsers: [{ name: 'own', format: 'regex', ...more }] });

/** Everything that is found on the way of a profile to a machine. */
async function problemsOf(given: object, templates = new Templates()): Promise<readonly Problem[]> {
  const { profile, problems } = readProfile(given);
  if (problems.length > 0) return problems;
  const rendered = renderConfig(templates, {
    template: profile.template ?? 'fluent-bit-worker.conf',
    variables: { ...REQUIRED, ...profile.variables },
    sources: profile.sources,
    parsers: profile.parsers,
  });
  // Without the real one: the product must find each of them by itself, on a server that has no Fluent Bit.
  return rendered.problems.length > 0 ? rendered.problems : verifyConfig(rendered.files, undefined);
}

const PROFILES: readonly (readonly [name: string, profile: object, cause: RegExp])[] = [
  ['a bad regex', parser({ regex: '(?<level>[A-Z' }), /parsers\.conf.*Regex: .* is no regular expression/],
  ['a regex without a group', parser({ regex: '^x$' }), /expected a named group/],
  ['a parser without its regex', parser({}), /format regex needs a Regex/],
  ['a parser of no format', { parsers: [{ name: 'own', format: 'xml' }] }, /parsers\.0\.format: .*"json"/],
  ['a name that is taken', { parsers: [{ name: 'json', format: 'json' }] }, /parser json: the name is taken/],
  ['a missing parser', source({ parser: 'nope' }), /no parser has the name "nope"/],
  [
    'an injected line in a variable',
    { variables: { REGION: 'eu\n[OUTPUT]\n    Name exec' } },
    /REGION: expected text without control characters/,
  ],
  [
    'an injected line in a path',
    source({ paths: ['/logs/*.log\n    DB /etc/passwd'] }),
    /sources\.0\.paths\.0/,
  ],
  [
    'a reference to the environment',
    { variables: { WORKER_ID: '$\u007bDASH0_API_KEY}' } },
    /WORKER_ID: expected text without .*\$\{/,
  ],
  ['a further path in a path', source({ paths: ['/logs/*.log,/etc/shadow'] }), /an absolute path or glob/],
  ['a relative path', source({ paths: ['logs/*.log'] }), /an absolute path or glob/],
  ['an unknown key', source({ skip: true }), /Unrecognized key: "skip"/],
  ['an unknown setting', { outputs: [] }, /Unrecognized key: "outputs"/],
  ['an unknown variable', { variables: { NOPE: 1 } }, /NOPE is no variable/],
  [
    'text in place of a port',
    { variables: { LOGS_PORT: 'http' } },
    /LOGS_PORT: expected a whole number from 1 to 65535, got "http"/,
  ],
  ['a port that does not exist', { sources: [{ type: 'fluentd', port: 70_000 }] }, /sources\.0\.port/],
  [
    'a port that is taken',
    { sources: [{ type: 'fluentd', port: 2020 }] },
    /the status address listens on port 2020 already/,
  ],
  ['a host that is none', { variables: { LOGS_HOST: 'a b' } }, /LOGS_HOST: expected a host name or address/],
  [
    'two inputs with one position',
    { sources: [{ type: 'files' }, { type: 'files', paths: ['/x/*.log'] }] },
    /two of them have the name "machine"/,
  ],
  [
    'an output that is none',
    { variables: { OUTPUTS: 'kafka' } },
    /OUTPUTS: expected some of logplane, otlp, stdout/,
  ],
  ['an output without its host', { variables: { OUTPUTS: 'otlp' } }, /OTLP_HOST is missing/],
  ['no seconds between sends', { variables: { FLUSH: 0 } }, /FLUSH: expected seconds/],
];

for (const [name, profile, cause] of PROFILES) {
  t.test(`a profile with ${name} is refused`, async (t) => {
    const problems = await problemsOf(profile);
    const described = problems.map(({ file, message }) => `${file ?? ''} ${message}`).join('\n');
    t.match(described, cause);
  });
}

const PARTS: readonly (readonly [name: string, file: string, from: string, to: string, cause: RegExp])[] = [
  [
    'a variable that nobody knows',
    'fluent-bit-worker.conf.hbs',
    '{{MACHINE_ID}}',
    '{{MACHINE}}',
    /MACHINE is not defined/,
  ],
  ['an unknown plugin', 'fluent-bit/inputs/tail.hbs', ' tail', ' exec', /input "exec": expected one of tail/],
  [
    'a property that no plugin has',
    'fluent-bit/inputs/tail.hbs',
    'Rotate_Wait',
    'Rotate_Weight',
    /Rotate_Weight is no property/,
  ],
  [
    'an include',
    'fluent-bit/service.hbs',
    '[SERVICE]',
    '@INCLUDE /etc/passwd\n[SERVICE]',
    /got the command @INCLUDE/,
  ],
  [
    'one word to set',
    'fluent-bit/filters/machine.hbs',
    'machine_id {{quote MACHINE_ID}}',
    'machine_id',
    /expected a key and a value/,
  ],
  [
    'a buffer that forgets',
    'fluent-bit/inputs/tail.hbs',
    'storage.type               filesystem',
    'storage.type               memory',
    /DB needs storage.type filesystem/,
  ],
  [
    'checksums',
    'fluent-bit/service.hbs',
    'storage.checksum           off',
    'storage.checksum           on',
    /a kill makes the open chunk unreadable/,
  ],
  [
    'an unset variable of the environment',
    'fluent-bit/outputs/logplane.hbs',
    '{{LOGS_HOST}}',
    '$\u007bNOWHERE}',
    /the environment variable NOWHERE is not set/,
  ],
  [
    'a packing that does not exist',
    'fluent-bit/outputs/logplane.hbs',
    'gzip',
    'zip',
    /compress: expected one of gzip, zstd, snappy, got "zip"/,
  ],
  [
    'a state that no rule has',
    'parsers.conf.hbs',
    '"node_at"\n',
    '"nowhere"\n',
    /no rule has the state "nowhere"/,
  ],
];

for (const [name, file, from, to, cause] of PARTS) {
  t.test(`a template with ${name} is refused`, async (t) => {
    const folder = t.testdir();
    cpSync(TEMPLATES_FOLDER, folder, { recursive: true });
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const text = readFileSync(path, 'utf8');
    t.ok(text.includes(from), 'the template has this text');
    writeFileSync(path, text.replace(from, to));
    const problems = await problemsOf({}, new Templates(folder));
    t.match(problems.map(({ message }) => message).join('\n'), cause);
    for (const problem of problems) t.ok(problem.line, `with its line: ${problem.message}`);
  });
}

t.test('what is sound has no problems, in either format', async (t) => {
  const sources = ['files', 'pm2', 'slurm', 'docker', 'kubernetes', 'fluentd', 'comfyui', 'vllm'].map(
    (type) => ({ type }),
  );
  for (const template of ['fluent-bit-worker.conf', 'fluent-bit-worker.yaml']) {
    const variables = {
      MACHINE_ID: 'a "b" \\ c',
      REGION: 'eu west',
      RATE_LIMIT: 10,
      REDACT: true,
      OUTPUTS: 'logplane,otlp,stdout',
      OTLP_HOST: 'x',
    };
    const rendered = renderConfig(new Templates(), {
      template,
      variables: { ...REQUIRED, ...variables },
      sources: readProfile({ sources }).profile.sources,
    });
    t.same(rendered.problems, [], template);
    t.same(
      await verifyConfig(rendered.files, fluentBit),
      [],
      `${template}, and Fluent Bit agrees where it is there`,
    );
  }
});
