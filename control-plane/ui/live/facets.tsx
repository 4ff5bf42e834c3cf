import { useState } from 'preact/hooks';
import { formatCount, formatShort } from '../numbers.ts';
import { Icon } from '../parts/icon.tsx';
import { memo } from '../parts/memo.ts';
import { useAsk } from '../use-ask.ts';
import {
  changeView,
  filterOf,
  LISTS,
  type ListField,
  type LiveView,
  toggled,
  withValue,
} from './live-view.ts';
import { LEVELS } from './log-record.ts';

type Values = readonly { readonly value: string; readonly count: number }[];
interface Facets {
  readonly facets: Readonly<Record<string, Values>>;
}

const TITLES: Readonly<Record<string, string>> = {
  level: 'Level',
  service: 'Service',
  machine_id: 'Machine',
  source: 'Source',
  file_path: 'File',
  job_id: 'Job',
};
const OTHERS = ['source', 'job_id', 'file_path'];
const SHOWN = 8;
const MAX_SHOWN = 50;
const EVERY_MS = 5_000;

/** How many lines each value has; a click shows only them. */
export const Facets = memo(function Facets({ view }: { readonly view: LiveView }) {
  const all = { ...filterOf(view), limit: String(MAX_SHOWN) };
  const fields = [...LISTS, ...OTHERS];
  const every = view.to === '' ? EVERY_MS : undefined;
  const { data } = useAsk<Facets>('/api/v1/logs/facets', { ...all, fields: fields.join(',') }, every);
  return (
    <aside class="facets" aria-label="Filter by field">
      {LISTS.map((field) => (
        <ListFacet key={field} field={field} view={view} values={data?.facets[field]} every={every} />
      ))}
      {OTHERS.map((field) => {
        const values = data?.facets[field] ?? [];
        if (values.length < 2 && !view.q.includes(`${field}:`)) return null;
        return (
          <FacetSection
            key={field}
            field={field}
            values={values}
            chosen={[]}
            onChoose={(value) => changeView(withValue(view, field, value, true))}
            onExclude={(value) => changeView(withValue(view, field, value, false))}
          />
        );
      })}
    </aside>
  );
});

interface ListFacetProps {
  readonly field: ListField;
  readonly view: LiveView;
  readonly values: Values | undefined;
  readonly every: number | undefined;
}

/** With values chosen the others are counted as if none were, so that they can be chosen too. */
function ListFacet({ field, view, values, every }: ListFacetProps) {
  const chosen = view[field];
  const without = { ...filterOf({ ...view, [field]: [] }), limit: String(MAX_SHOWN), fields: field };
  const { data } = useAsk<Facets>(chosen.length > 0 ? '/api/v1/logs/facets' : undefined, without, every);
  const counted = (chosen.length > 0 ? data?.facets[field] : values) ?? [];
  const missing = chosen.filter((value) => !counted.some((other) => other.value === value));
  const listed = [...counted, ...missing.map((value) => ({ value, count: 0 }))];
  const sorted =
    field === 'level'
      ? listed.toSorted((a, b) => LEVELS.indexOf(b.value as never) - LEVELS.indexOf(a.value as never))
      : listed;
  return (
    <FacetSection
      field={field}
      values={sorted}
      chosen={chosen}
      onChoose={(value) => changeView(toggled(view, field, value))}
      onExclude={(value) => changeView(withValue(view, field, value, false))}
    />
  );
}

interface FacetSectionProps {
  readonly field: string;
  readonly values: Values;
  readonly chosen: readonly string[];
  readonly onChoose: (value: string) => void;
  readonly onExclude: (value: string) => void;
}

function FacetSection({ field, values, chosen, onChoose, onExclude }: FacetSectionProps) {
  const [more, setMore] = useState(false);
  const largest = Math.max(1, ...values.map(({ count }) => count));
  const shown = more ? values : values.filter(({ value }, index) => index < SHOWN || chosen.includes(value));
  return (
    <section>
      <h2>{TITLES[field]}</h2>
      {values.length === 0 && <p class="none">none</p>}
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value} class={chosen.includes(value) ? 'is-chosen' : ''}>
            <button
              type="button"
              class={`facet ${field === 'level' ? `level-${value.toLowerCase()}` : ''}`}
              aria-pressed={chosen.includes(value)}
              title={`${value}: ${formatCount(count)}`}
              onClick={() => onChoose(value)}
            >
              <span class="facet-value">{field === 'file_path' ? shortPath(value) : value}</span>
              <span class="facet-count">{formatShort(count)}</span>
              <meter min={0} max={largest} value={count} aria-hidden="true" />
            </button>
            <button
              type="button"
              class="facet-not"
              aria-label={`Exclude ${value}`}
              title={`Exclude ${value}`}
              onClick={() => onExclude(value)}
            >
              <Icon name="minus" />
            </button>
          </li>
        ))}
      </ul>
      {values.length > SHOWN && (
        <button type="button" class="link" onClick={() => setMore(!more)}>
          {more ? 'fewer' : `${values.length - SHOWN} more`}
        </button>
      )}
    </section>
  );
}

function shortPath(path: string): string {
  const parts = path.split('/');
  return parts.length > 3 ? `…/${parts.slice(-2).join('/')}` : path;
}
