import { LEVELS, type Level } from '../../../../pipeline/record/severity.ts';
import type { Query } from '../../../query/ast.ts';
import { foldCase } from '../../../query/fold-case.ts';
import { compileLevelTest } from '../../../query/text-test.ts';

/** A cheap condition that every record of a query meets: its message has one of the texts, or it has one of the levels. */
export interface Prefilter {
  readonly texts: readonly string[];
  readonly levels: readonly Level[];
}

/** Characters of a text; shorter ones are in too many messages. */
const MIN_TEXT = 3;
/** Levels that few records have. */
const RARE_LEVELS: ReadonlySet<Level> = new Set(['warn', 'error', 'fatal']);

/** The prefilter of a query; undefined where it has none. */
export function prefilterOf(query: Query): Prefilter | undefined {
  switch (query.kind) {
    case 'text': {
      const [text = ''] = foldCase(query.text)
        .split(/[^\0-\x7f]+/)
        .sort((a, b) => b.length - a.length);
      return text.length >= MIN_TEXT ? { texts: [text], levels: [] } : undefined;
    }
    case 'field': {
      const { test } = query;
      if (query.field !== 'level' || test.kind === 'present') return undefined;
      const levels = LEVELS.filter(compileLevelTest(test));
      return levels.every((level) => RARE_LEVELS.has(level)) ? { texts: [], levels } : undefined;
    }
    case 'and': {
      const prefilters = query.queries.map(prefilterOf).filter((prefilter) => prefilter !== undefined);
      return prefilters.find(({ levels }) => levels.length === 0) ?? prefilters[0];
    }
    case 'or': {
      const prefilters = query.queries.map(prefilterOf);
      if (prefilters.some((prefilter) => prefilter === undefined)) return undefined;
      return {
        texts: prefilters.flatMap((prefilter) => prefilter!.texts),
        levels: prefilters.flatMap((prefilter) => prefilter!.levels),
      };
    }
    default:
      return undefined;
  }
}

/** SQL condition for records with one of the levels. */
export function levelSql(levels: Iterable<Level>): string {
  return `level IN (${Array.from(levels, (level) => `'${level}'`).join(', ')})`;
}
