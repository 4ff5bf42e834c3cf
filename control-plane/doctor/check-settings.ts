import { readFile } from 'node:fs/promises';
import { parseCategoryRules } from '../../pipeline/ingest/transforms/category-rules.ts';
import type { Config } from '../config.ts';
import { parseRules } from '../features/rules/rules-file.ts';
import { parseSources } from '../features/sync/read-sources.ts';
import { isLoopback } from '../http/own-names.ts';
import { type Finding, ok, problem, reasonOf, warning } from './finding.ts';

/** The files that the settings name, and whether others reach the server without a token. */
export async function checkSettings(config: Config): Promise<Finding[]> {
  const files: [string, string | undefined, (text: string) => unknown][] = [
    ['RULES_FILE', config.RULES_FILE, parseRules],
    ['CATEGORIES_FILE', config.CATEGORIES_FILE, parseCategoryRules],
    ['SYNC_SOURCES', config.SYNC_SOURCES, (text) => parseSources(text, config.MACHINE_ID)],
  ];
  const findings: Finding[] = [];
  for (const [setting, path, parse] of files) {
    if (path === undefined) continue;
    try {
      parse(await readFile(path, 'utf8'));
      findings.push(ok(setting, `${path} is valid`));
    } catch (error) {
      findings.push(
        ...reasonOf(error)
          .split('\n')
          .map((line) => problem(setting, `${path}: ${line}`)),
      );
    }
  }
  if (!isLoopback(config.HOST) && (config.INGEST_TOKEN === undefined || config.READ_TOKEN === undefined)) {
    findings.push(
      warning(
        'tokens',
        `HOST is ${config.HOST}, and INGEST_TOKEN or READ_TOKEN is not set: everybody who reaches this address has access; set both`,
      ),
    );
  }
  return findings;
}
