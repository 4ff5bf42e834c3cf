import type { Level } from '../record/severity.ts';

export interface Retention {
  /** Days from arrival after which a record is removed. */
  readonly days: number;
  /** The same for records of level error and fatal. */
  readonly errorDays: number;
  /** The first that fits a record decides, before the other two. */
  readonly rules?: readonly RetentionRule[];
}

export interface RetentionRule {
  /** Any service where left out. */
  readonly service?: readonly string[] | undefined;
  /** Any level where left out. */
  readonly level?: readonly Level[] | undefined;
  readonly days: number;
}

/**
 * How long a record is kept, in whole hours, as SQL over the columns of `logs`. It becomes a part of the table's
 * definition, which takes no parameters, so names of services are checked here again.
 */
export function lifetimeHours({ days, errorDays, rules = [] }: Retention): string {
  const branches = rules.map(({ service, level, days }) => {
    const conditions = [
      ...(service ? [`(service IN (${service.map(quote).join(', ')}))`] : []),
      ...(level ? [`(level IN (${level.map((name) => `'${name}'`).join(', ')}))`] : []),
    ];
    return `${conditions.join(' AND ')}, ${hours(days)}`;
  });
  return `multiIf(${[...branches, `(level IN ('error', 'fatal')), ${hours(errorDays)}`, hours(days)].join(', ')})`;
}

function hours(days: number): number {
  return Math.round(days * 24);
}

function quote(service: string): string {
  if (!/^[\w .:@/+-]{1,128}$/.test(service))
    throw new Error(`no name of a service: ${JSON.stringify(service)}`);
  return `'${service}'`;
}
