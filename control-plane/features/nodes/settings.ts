import { z } from 'zod';
import { type SettingsOf, text, whole } from '../../setting-types.ts';

export const NODE_SETTINGS = {
  NODE_LOG_TTL_HOURS: whole(1, 100_000).default(24),
  LAUNCH_COMMAND: z.string().transform(readCommand).optional(),
  LAUNCH_RULES_FILE: text.optional(),
};

export type NodeSettings = SettingsOf<typeof NODE_SETTINGS>;

const COMMAND_FORM = 'a JSON list of arguments such as ["sky","launch","-y","-c","{name}"]';

function readCommand(value: string, context: z.RefinementCtx): readonly string[] {
  try {
    return z.array(text).min(1).parse(JSON.parse(value));
  } catch {
    context.addIssue(COMMAND_FORM);
    return z.NEVER;
  }
}
