import { createRedaction } from '../control-plane/features/rules/redaction.ts';
import { NO_RULES, parseRules } from '../control-plane/features/rules/rules-file.ts';
import { parseEntry } from '../pipeline/ingest/sources/json-body.ts';
import type { SourceEntry } from '../pipeline/ingest/sources/source-entry.ts';
import { createRandom, fleetLine } from './fleet-workload.ts';

/** Nanoseconds that redaction adds to a record: the best of several rounds. */
const RECORDS = 5_000;
const ROUNDS = 30;

const withRules = parseRules(`
redaction:
  forms: { email: true, card: true }
  fields: [ssn]
  rules:
    - { name: badge, pattern: 'EMP-[0-9]{6}', contains: EMP- }
`).redaction;
const withoutHint = parseRules("redaction: { rules: [{ name: badge, pattern: 'EMP-[0-9]{6}' }] }").redaction;

const random = createRandom(1);
const lines = Array.from({ length: RECORDS }, (_, index) => fleetLine(index, 1.79e12, random));
const secret = `sk-${'aB3dE5gH7jK9mN2p'.repeat(3)}`;
const workloads: Record<string, string[]> = {
  'fleet records': lines,
  'one in 100 with a key': lines.map((line, index) =>
    index % 100 === 0 ? line.replace('"message":"', `"message":"OPENAI_API_KEY=${secret} `) : line,
  ),
  'every one with a key': lines.map((line) =>
    line.replace('"message":"', `"message":"OPENAI_API_KEY=${secret} `),
  ),
  'every one with an @': lines.map((line) => line.replace('"message":"', '"message":"root@host ')),
};

for (const [rules, given] of Object.entries({
  'no rules': NO_RULES.redaction,
  'e-mail, cards, a field, a pattern': withRules,
  'a pattern without contains': withoutHint,
})) {
  for (const [name, texts] of Object.entries(workloads)) {
    const { entry, counts } = createRedaction(given);
    const entries = texts.map((text) => parseEntry(text) as SourceEntry);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const start = process.hrtime.bigint();
      for (const one of entries) entry(one);
      best = Math.min(best, Number(process.hrtime.bigint() - start) / RECORDS);
    }
    const found = [...counts.values()].reduce((sum, count) => sum + count, 0) / ROUNDS;
    console.log(`${rules}; ${name}: ${best.toFixed(0)} ns/record, ${found} found`);
  }
}
