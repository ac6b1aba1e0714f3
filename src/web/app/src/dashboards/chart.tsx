import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { coloursOf, useScheme } from './use-scheme';

/** A line of a chart. Lines differ in how they are dashed as well as in colour. */
export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Which of the page's series colours, from 1. */
  readonly colour: 1 | 2 | 3 | 4;
}

interface Props {
  readonly title: string;
  readonly times: readonly (number | null)[];
  /** From when to when it is drawn, in Unix seconds. */
  readonly across: readonly [number, number];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** A value that is worth a line of its own, such as a limit or a target. */
  readonly mark?: { readonly value: number; readonly label: string };
  /** The vertical axis; it fits the values where it is left out. */
  readonly least?: number;
  readonly most?: number;
  readonly height?: number;
  readonly logarithmic?: boolean;
  /** Whether the values are bytes, whose round numbers are powers of two. */
  readonly binary?: boolean;
}

const dashes: readonly (number[] | undefined)[] = [undefined, [6, 4], [2, 3], [10, 3, 2, 3]];
const defaultHeight = 168;

/** All charts of a page show where the pointer is at the same time. */
const cursors = uPlot.sync('dashboards');

/** Values over time, drawn by uPlot. Its numbers stand beside it in words, which a screen reader reads instead of the picture. */
export function Chart(props: Props) {
  const { title, times, series, format, height = defaultHeight } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const scheme = useScheme();
  const shape = series.map(({ label, colour }) => `${label}:${colour}`).join('|');
  const data = useMemo(() => [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData, [times, series]);
  const latest = useRef({ props, data });
  latest.current = { props, data };

  useEffect(() => {
    const element = box.current;
    if (element === null) {
      return undefined;
    }
    const chart = new uPlot(
      optionsOf(() => latest.current.props, element),
      latest.current.data,
      element,
    );
    plot.current = chart;
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth > 0) {
        chart.setSize({ width: element.clientWidth, height: heightOf(latest.current.props) });
      }
    });
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [shape, scheme, height, props.logarithmic]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {series.map(({ label, colour, values }, index) => (
            <li key={label}>
              <svg class={`swatch series-${colour}`} width="18" height="8" aria-hidden="true">
                <line x1="0" y1="4" x2="18" y2="4" stroke-dasharray={dashes[index]?.join(' ')} />
              </svg>
              {label} <b>{lastOf(values, format)}</b>
              <span class="visually-hidden">, between {extremesOf(values, format)}</span>
            </li>
          ))}
          {props.mark && (
            <li class="mark-label">
              {props.mark.label} <b>{format(props.mark.value)}</b>
            </li>
          )}
        </ul>
      </figcaption>
      <div ref={box} class="plot" aria-hidden="true" />
    </figure>
  );
}

function heightOf({ height = defaultHeight }: Props): number {
  return height;
}

function optionsOf(props: () => Props, element: HTMLElement): uPlot.Options {
  const { series, format, logarithmic = false, binary = false } = props();
  const style = getComputedStyle(element);
  const colour = coloursOf(element);
  const axis = {
    stroke: colour('--text-soft'),
    font: `11px ${style.fontFamily}`,
    ticks: { show: false },
    grid: { stroke: colour('--grid'), width: 1 },
  };
  return {
    width: Math.max(element.clientWidth, 1),
    height: heightOf(props()),
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: cursors.key }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: {
      x: { time: true, range: () => [...props().across] as [number, number] },
      y: {
        ...(logarithmic && { distr: 3 as const, log: 10 as const }),
        range: (_, low, high) => rangeOf(props(), low, high),
      },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 60, size: 28, values: times24 },
      {
        ...axis,
        size: 58,
        space: 34,
        // A logarithmic axis has a line for each decade alone.
        ...(logarithmic && { filter: decades, grid: { ...axis.grid, filter: decades } }),
        ...(binary && { incrs: powersOfTwo }),
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour: number }, index) => ({
        label,
        stroke: colour(`--series-${number}`),
        width: 1.5,
        ...(dashes[index] && { dash: dashes[index] }),
        points: { size: 4 },
      })),
    ],
    hooks: { draw: [(chart) => drawMark(chart, props().mark, colour('--text-soft'))] },
    plugins: [tooltip(props)],
  };
}

const powersOfTwo = Array.from({ length: 45 }, (_, power) => 2 ** power);

function decades(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) => (Math.abs(Math.log10(tick) % 1) < 1e-6 ? tick : null));
}

/** Times of day, or dates where the ticks are days apart. */
function times24(_: uPlot, ticks: number[], __: number, ___: number, step: number): string[] {
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    return step >= 86_400
      ? at.toLocaleDateString('en-CA').slice(5)
      : at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...(step < 60 && { second: '2-digit' as const }) });
  });
}

function rangeOf(
  { least = 0, most, logarithmic = false, mark }: Props,
  low: number | null,
  high: number | null,
): [number, number] {
  if (logarithmic) {
    return [
      Math.max(1e-5, 10 ** Math.floor(Math.log10(Math.max(1e-5, low ?? 1e-3)))),
      10 ** Math.ceil(Math.log10(Math.max(1e-2, high ?? 1))),
    ];
  }
  const top = Math.max(high ?? 0, mark?.value ?? 0);
  return [least, most ?? (top <= least ? least + 1 : top + (top - least) * 0.1)];
}

function drawMark({ ctx, bbox, valToPos }: uPlot, mark: Props['mark'], colour: string): void {
  if (mark === undefined) {
    return;
  }
  const y = valToPos(mark.value, 'y', true);
  if (y >= bbox.top && y <= bbox.top + bbox.height) {
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

/** What the pointer is on, in words, beside it. */
function tooltip(props: () => Props): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-tip';
  return {
    hooks: {
      init: (chart) => void chart.over.append(box),
      setCursor: (chart) => {
        const { idx, left = -1 } = chart.cursor;
        const time = idx === null || idx === undefined ? undefined : chart.data[0][idx];
        box.hidden = left < 0 || time === undefined;
        if (time === undefined || idx === null || idx === undefined) {
          return;
        }
        const { series, format } = props();
        const lines = series.map(({ label, values }) => {
          const value = values[idx];
          return `${label} ${value === null || value === undefined || Number.isNaN(value) ? '–' : format(value)}`;
        });
        box.textContent = [new Date(time * 1000).toLocaleString('en-CA', { hour12: false }).replace(',', ''), ...lines].join(
          '\n',
        );
        box.classList.toggle('at-left', left > chart.over.clientWidth / 2);
      },
    },
  };
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null && !Number.isNaN(value));
}

function lastOf(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = known(values).at(-1);
  return last === undefined ? '–' : format(last);
}

function extremesOf(values: readonly (number | null)[], format: (value: number) => string): string {
  const all = known(values);
  return all.length === 0 ? 'nothing' : `${format(Math.min(...all))} and ${format(Math.max(...all))}`;
}
