import { parse } from 'yaml';
import { z } from 'zod';
import { ALL_PHASES, type Phase } from './launch-phase.ts';
import type { EntryDraft } from './node-entry.ts';

/** A rule for lines of a launch command's output; the first rule whose pattern matches applies. */
export interface LaunchRule {
  readonly pattern: RegExp;
  readonly phase?: Phase | undefined;
  readonly progress?: number | undefined;
  readonly level?: 'info' | 'warn' | 'error' | 'debug' | undefined;
}

/** The output of SkyPilot's `sky launch`, of pip and of vLLM. A group named `endpoint` is where the node answers. */
export const BUILT_IN_RULES: readonly LaunchRule[] = [
  { pattern: /(?<endpoint>https?:\/\/\S+).*\b(?:ready|serving)\b/i, phase: 'active' },
  { pattern: /Application startup complete|Node is ready/i, phase: 'active' },
  { pattern: /Uvicorn running on (?<endpoint>https?:\/\/[^\s]+)/, phase: 'active' },
  { pattern: /health[ -]?check|Waiting for application startup|GET \/health/i, phase: 'health_check' },
  {
    pattern: /Loading (?:model|weights|safetensors|pt checkpoint)|Starting to load model/i,
    phase: 'model_loading',
  },
  { pattern: /Job submitted|Job started/, phase: 'model_loading' },
  {
    pattern: /Syncing files|Running setup|Setup (?:detected|started)|^Collecting |Installing/i,
    phase: 'installing',
  },
  {
    pattern: /Instance is up|Cluster launched|Cluster .* is up|SSH is (?:ready|up)/i,
    phase: 'instance_ready',
  },
  {
    pattern: /Provisioning|Launching (?:on|a new cluster)|Considered resources|Trying to launch/i,
    phase: 'provisioning',
  },
  { pattern: /\b(?:ERROR|Error|Failed|Exception)\b|ResourcesUnavailable/, level: 'error' },
  { pattern: /\b(?:WARN(?:ING)?|Warning|Retrying|preempt)/, level: 'warn' },
];

const FILE = z.strictObject({
  rules: z.array(
    z.strictObject({
      pattern: z.string().min(1),
      phase: z.enum(ALL_PHASES).optional(),
      progress: z.number().min(0).max(100).optional(),
      level: z.enum(['info', 'warn', 'error', 'debug']).optional(),
    }),
  ),
});

/**
 * Reads the rules of a YAML file: `rules: [{pattern, phase?, progress?, level?}]`; they come before the built-in ones.
 * @throws Error that says what is wrong
 */
export function parseLaunchRules(text: string): LaunchRule[] {
  const { rules } = FILE.parse(parse(text));
  return [
    ...rules.map(({ pattern, ...rule }) => ({ ...rule, pattern: new RegExp(pattern) })),
    ...BUILT_IN_RULES,
  ];
}

/** Makes an entry of a line of output. */
export function readOutputLine(rules: readonly LaunchRule[], line: string): EntryDraft {
  for (const { pattern, phase, progress, level } of rules) {
    const found = pattern.exec(line);
    if (!found) continue;
    return {
      message: line,
      ...(phase !== undefined && { phase }),
      ...(progress !== undefined && { progress }),
      ...(level !== undefined && { level }),
      ...(found.groups?.endpoint !== undefined && { endpoint: found.groups.endpoint }),
    };
  }
  return { message: line };
}
