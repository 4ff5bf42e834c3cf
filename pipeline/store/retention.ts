import type { Level } from '../record/severity.ts';

export interface Retention {
  /** Days from arrival after which a record is removed. */
  readonly days: number;
  /** Days for records of level error and fatal. */
  readonly errorDays: number;
  /** The first rule that matches a record decides, ahead of the two numbers above. */
  readonly rules?: readonly RetentionRule[];
}

export interface RetentionRule {
  /** Default: any service. */
  readonly service?: readonly string[] | undefined;
  /** Default: any level. */
  readonly level?: readonly Level[] | undefined;
  readonly days: number;
}

/**
 * How long a record is kept, in whole hours, as SQL over the columns of `logs`. The SQL becomes a part of the table's
 * definition, which takes no parameters, so the names of services are checked again here.
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
