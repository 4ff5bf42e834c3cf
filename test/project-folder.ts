import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_ROOT } from '../pipeline/runtime/package-root.ts';

/** The folder of the project, for tests that run as sources and for compiled ones. */
export const PROJECT_FOLDER = fileURLToPath(PACKAGE_ROOT);

/** Logs of real programs. They stand outside the project: tests that read them are skipped where they are absent. */
export const REAL_LOGS_FOLDER = resolve(PROJECT_FOLDER, '../shared/data/real-logs');
