import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { counted, formatCount } from '../numbers.ts';
import { memo } from '../parts/memo.ts';
import { settings, useSettings } from '../settings.ts';
import { formatTime } from '../times.ts';

export interface HistogramData {
  /** As `30s`, `5m`. */
  readonly interval: string;
  readonly buckets: readonly {
    readonly timestamp: string;
    readonly total: number;
    readonly counts: Readonly<Record<string, number>>;
  }[];
}

/** The worst at the bottom, where it is seen first. */
const STACK = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG'] as const;
const HEIGHT = 88;
const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

export interface HistogramProps {
  readonly data: HistogramData | undefined;
  /** Times in milliseconds. */
  readonly onZoom: (from: number, to: number) => void;
}

/** Lines over time by level; a range is chosen by dragging. */
export const Histogram = memo(function Histogram({ data, onZoom }: HistogramProps) {
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const shown = useRef(data);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  shown.current = data;
  const { isDark, values } = useSettings();

  useEffect(() => {
    const element = container.current!;
    const made = new uPlot(
      options(
        element,
        (from, to) => zoom.current(from, to),
        () => shown.current,
      ),
      EMPTY,
      element,
    );
    plot.current = made;
    if (shown.current) made.setData(toSeries(shown.current));
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark, values.utc]);

  useEffect(() => {
    if (data) plot.current?.setData(toSeries(data));
  }, [data]);

  return <div class="histogram" ref={container} role="img" aria-label={describe(data)} />;
});

const EMPTY: uPlot.AlignedData = [[], [], [], [], [], []];

function toSeries({ buckets }: HistogramData): uPlot.AlignedData {
  const times = buckets.map(({ timestamp }) => Date.parse(timestamp) / 1000);
  const sums = new Array<number>(buckets.length).fill(0);
  const stacked = STACK.map((level) =>
    buckets.map(({ counts }, index) => {
      sums[index]! += counts[level] ?? 0;
      return sums[index]!;
    }),
  );
  // Drawn from the highest sum down, so that each covers the one before but for its own share.
  return [times, ...stacked.reverse()];
}

export function intervalSeconds(interval: string): number {
  const [, count = '1', unit = 's'] = /^(\d+)(\w+)$/.exec(interval) ?? [];
  return Number(count) * UNITS[unit]!;
}

function options(
  element: HTMLElement,
  onZoom: (from: number, to: number) => void,
  data: () => HistogramData | undefined,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-dim'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const width = () => intervalSeconds(data()?.interval ?? '1s');
  const bars = uPlot.paths.bars!({ size: [0.86, 40], align: 1 });
  return {
    width: Math.max(element.clientWidth, 100),
    height: HEIGHT,
    padding: [6, 30, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, range: (_, min, max) => [min ?? 0, (max ?? 1) + width()] },
      y: { range: (_, __, max) => [0, Math.max(1, max ?? 1)] },
    },
    ...(settings.values.utc && {
      tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    }),
    axes: [
      {
        ...axis,
        size: 22,
        grid: { show: false },
        values: (_, ticks, __, ___, step) => ticks.map((tick) => tickName(tick, step)),
      },
      {
        ...axis,
        size: 44,
        space: 26,
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? short(tick) : '')),
      },
    ],
    series: [
      {},
      ...STACK.toReversed().map((level) => ({
        label: level,
        fill: colour(`--level-${level.toLowerCase()}-bar`),
        width: 0,
        paths: bars,
        points: { show: false },
      })),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: selected } = plot.select;
          // Before the first counts are there the axis has no times.
          if (selected < 4 || !data()?.buckets.length) return;
          const from = plot.posToVal(left, 'x') * 1000;
          const to = plot.posToVal(left + selected, 'x') * 1000;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(Math.floor(from), Math.ceil(to));
        },
      ],
      setCursor: [(plot) => showBucket(plot, data())],
    },
  };
}

/** Describes the bucket under the pointer, for the title. */
function showBucket(plot: uPlot, data: HistogramData | undefined): void {
  const { left } = plot.cursor;
  const element = plot.root.parentElement!;
  if (!data || left === undefined || left < 0) {
    element.title = '';
    return;
  }
  const time = plot.posToVal(left, 'x');
  const step = intervalSeconds(data.interval);
  const bucket = data.buckets.findLast(({ timestamp }) => Date.parse(timestamp) / 1000 <= time);
  if (!bucket || time > Date.parse(bucket.timestamp) / 1000 + step) {
    element.title = '';
    return;
  }
  const levels = STACK.filter((level) => bucket.counts[level]).map(
    (level) => `${level} ${formatCount(bucket.counts[level]!)}`,
  );
  element.title = [`${formatTime(Date.parse(bucket.timestamp))} (${data.interval})`, ...levels].join('\n');
}

/** As precise as the distance of the ticks asks for. */
function tickName(seconds: number, step: number): string {
  const time = formatTime(seconds * 1000);
  return step >= 86_400 ? time.slice(5, 10) : time.slice(11, step >= 60 ? 16 : 19);
}

function short(count: number): string {
  return count >= 1000 ? `${count / 1000}k` : String(count);
}

function describe(data: HistogramData | undefined): string {
  if (!data || data.buckets.length === 0) return 'Lines over time: none';
  const sum = (levels: readonly string[]) =>
    data.buckets.reduce(
      (total, { counts }) => total + levels.reduce((of, level) => of + (counts[level] ?? 0), 0),
      0,
    );
  const from = formatTime(Date.parse(data.buckets[0]!.timestamp));
  const to = formatTime(Date.parse(data.buckets.at(-1)!.timestamp));
  return `Lines over time from ${from} to ${to}: ${counted(sum(STACK), 'line')}, of them ${counted(sum(['ERROR', 'FATAL']), 'error')}`;
}
