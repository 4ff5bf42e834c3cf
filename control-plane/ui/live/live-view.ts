import { address, addressOf, type Parameters } from '../address.ts';
import { withTerm } from '../query/with-term.ts';
import { timezone } from '../times.ts';

/** What the live page shows, as its address holds it. */
export interface LiveView {
  readonly q: string;
  /** As the server reads it; `all` for no lower end. */
  readonly from: string;
  /** Empty: up to the present, and live. */
  readonly to: string;
  readonly level: readonly string[];
  readonly service: readonly string[];
  readonly machine_id: readonly string[];
  readonly type: string;
  /** The id of the line that is shown in detail, or that the page was opened for. */
  readonly line: string;
}

export const LIVE_PATH = '/api/v1/logs';
export const DEFAULT_FROM = 'now-1h';
/** The fields that have a filter of their own beside the query. */
export const LISTS = ['level', 'service', 'machine_id'] as const;
export type ListField = (typeof LISTS)[number];

export function readView(parameters: URLSearchParams): LiveView {
  const text = (name: string) => parameters.get(name) ?? '';
  const list = (name: string) =>
    text(name)
      .split(',')
      .filter((item) => item !== '');
  return {
    q: text('q'),
    from: text('from') || DEFAULT_FROM,
    to: text('to'),
    level: list('level').map((level) => level.toUpperCase()),
    service: list('service'),
    machine_id: list('machine_id'),
    type: text('type'),
    line: text('line'),
  };
}

export function viewAddress(view: Partial<LiveView>): string {
  return addressOf(LIVE_PATH, {
    ...filterOf(view),
    from: view.from === DEFAULT_FROM ? undefined : view.from,
    tz: undefined,
    line: view.line,
  });
}

/** The parameters that choose the records, without the range where `from` and `to` are not given. */
export function filterOf(view: Partial<LiveView>): Parameters {
  return {
    q: view.q,
    from: view.from === 'all' ? undefined : view.from,
    to: view.to,
    level: view.level?.join(','),
    service: view.service?.join(','),
    machine_id: view.machine_id?.join(','),
    type: view.type,
    tz: timezone(),
  };
}

/** Changes the view and with it the address; the page follows that. */
export function changeView(change: Partial<LiveView>, how: 'push' | 'replace' = 'push'): void {
  address.go(viewAddress({ ...readView(address.parameters), ...change }), how);
}

/** A value put into or taken out of the list of a field. */
export function toggled(view: LiveView, field: ListField, value: string): Partial<LiveView> {
  const values = view[field];
  // Lists are written with commas.
  if (value.includes(',')) return withValue(view, field, value, true);
  return {
    [field]: values.includes(value) ? values.filter((other) => other !== value) : [...values, value],
    line: '',
  };
}

/** The view that shows only, or all but, the lines whose field has this value. */
export function withValue(view: LiveView, field: string, value: string, wanted: boolean): Partial<LiveView> {
  const listed = LISTS.find((name) => name === field);
  if (listed && wanted && !value.includes(',')) return { [listed]: [value], line: '' };
  return { q: withTerm(view.q, field, value, wanted), line: '' };
}
