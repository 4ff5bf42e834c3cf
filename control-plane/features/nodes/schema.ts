import { z } from 'zod';
import { TIME } from '../../http/record-schema.ts';
import { ALL_PHASES } from './launch-phase.ts';
import { ENTRY_LEVELS } from './node-entry.ts';

const PHASE = z.enum(ALL_PHASES);
const PROGRESS = z.number().min(0).max(100).describe('Percent; never falls while a launch lasts');

/** A launch as it is listed. */
export const LAUNCH = z.object({
  node_id: z.string(),
  name: z.string().optional(),
  status: PHASE,
  phase: PHASE,
  progress: PROGRESS,
  message: z.string(),
  started_at: TIME,
  updated_at: TIME,
  endpoint: z.string().optional(),
  eta_seconds: z.int().optional().describe('What is left, as far as past launches tell'),
  stuck: z.boolean().optional().describe('The phase has lasted longer than usual'),
});

export const ENTRY = z
  .object({
    timestamp: TIME,
    level: z.enum(ENTRY_LEVELS),
    message: z.string(),
    phase: PHASE,
    progress: PROGRESS.optional(),
    details: z.string().optional(),
    endpoint: z.string().optional(),
    name: z.string().optional(),
    event_type: z.string().optional().describe('Of the entries that alerts ask for'),
  })
  .meta({ id: 'NodeLogEntry' });

const SENT_ENTRY = z.looseObject({
  message: z.string(),
  timestamp: TIME.optional(),
  level: z.enum(ENTRY_LEVELS).optional(),
  phase: PHASE.optional().describe('Without it the phase that the launch is in'),
  progress: PROGRESS.optional(),
  details: z.string().optional(),
  endpoint: z.string().optional().describe('Where an active node answers'),
});

export const SENT_ENTRIES = z.union([SENT_ENTRY, z.array(SENT_ENTRY)]);

export const LAUNCH_REQUEST = z.looseObject({
  name: z.string().min(1).max(256).optional(),
  node_id: z.string().optional().describe('Made up where there is none'),
});

export const NODE_EVENTS = {
  log: ENTRY,
  status: z.looseObject({ phase: PHASE, progress: PROGRESS, message: z.string() }),
  error: z.looseObject({ error: z.string(), details: z.string(), phase: PHASE.optional() }),
  done: z.looseObject({ status: z.string(), endpoint: z.string().optional(), message: z.string() }),
  gap: z.looseObject({ from: z.int(), to: z.int(), count: z.int() }),
  end: z.object({ reason: z.string() }),
};
