import { useEffect, useRef } from 'preact/hooks';
import type { Trends } from './documents';
import { count, duration, moment } from './format';
import { coloursOf, useScheme } from './use-scheme';

interface Props {
  readonly title: string;
  readonly trends: Trends;
  /** From when to when it is drawn, in Unix seconds. */
  readonly across: readonly [number, number];
}

const rowHeight = 12;
const axisWidth = 58;
const axisHeight = 20;

/** How many deliveries took how long, over time: a column for each stretch, a row for each power of two of its latency. */
export function HeatMap({ title, trends, across }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useScheme();
  const rows = trends.latency_edges_s.length + 1;
  const height = rows * rowHeight + axisHeight;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) {
      return undefined;
    }
    const paint = (): void => draw(element, trends, across, height);
    paint();
    const sizes = new ResizeObserver(paint);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [trends, across[0], across[1], height, scheme]);
  return (
    <figure class="chart heat-map">
      <figcaption>
        <h3>{title}</h3>
        <p class="legend">
          few{' '}
          <svg class="heat-scale" width="80" height="8" aria-hidden="true">
            <rect width="80" height="8" />
          </svg>{' '}
          many
        </p>
      </figcaption>
      <canvas ref={canvas} role="img" aria-label={describe(trends)} style={{ height: `${height}px` }} />
    </figure>
  );
}

/** The picture in words: where most of the deliveries lie, and the slowest of them. */
function describe(trends: Trends): string {
  const sums = Array.from({ length: trends.latency_edges_s.length + 1 }, (_, row) =>
    trends.points.reduce((sum, { latency_counts: counts }) => sum + (counts[row] ?? 0), 0),
  );
  const all = sums.reduce((sum, one) => sum + one, 0);
  if (all === 0) {
    return 'No deliveries.';
  }
  const most = sums.indexOf(Math.max(...sums));
  const slowest = sums.findLastIndex((sum) => sum > 0);
  const of = (row: number): string => rangeOf(trends.latency_edges_s, row);
  return `${count(all)} deliveries; most took ${of(most)}, the slowest ${of(slowest)}.`;
}

function rangeOf(edges: readonly number[], row: number): string {
  const [from, to] = [edges[row - 1], edges[row]];
  return from === undefined
    ? `less than ${duration(to)}`
    : to === undefined
      ? `more than ${duration(from)}`
      : `${duration(from)} to ${duration(to)}`;
}

function draw(element: HTMLCanvasElement, trends: Trends, [first, last]: readonly [number, number], height: number): void {
  const [width, ratio, style] = [element.clientWidth, devicePixelRatio, getComputedStyle(element)];
  const colour = coloursOf(element.parentElement ?? document.body);
  const context = element.getContext('2d');
  if (context === null || width <= axisWidth) {
    return;
  }
  element.width = Math.round(width * ratio);
  element.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const rows = trends.latency_edges_s.length + 1;
  const across = (width - axisWidth) / (last - first);
  const columnWidth = Math.max(1, trends.step_s * across);
  const most = Math.log1p(Math.max(1, ...trends.points.flatMap(({ latency_counts: counts }) => counts)));
  context.fillStyle = colour('--sunken');
  context.fillRect(axisWidth, 0, width - axisWidth, rows * rowHeight);
  context.fillStyle = colour('--series-1');
  for (const { at, latency_counts: counts } of trends.points) {
    counts.forEach((value, row) => {
      if (value > 0 && at >= first) {
        context.globalAlpha = 0.15 + 0.85 * (Math.log1p(value) / most);
        context.fillRect(axisWidth + (at - first) * across, (rows - 1 - row) * rowHeight, Math.ceil(columnWidth), rowHeight - 1);
      }
    });
  }
  context.globalAlpha = 1;
  drawAxes(context, trends, { width, first, last, across, colour, font: style.fontFamily });
}

interface Frame {
  readonly width: number;
  readonly first: number;
  readonly last: number;
  readonly across: number;
  readonly colour: (variable: string) => string;
  readonly font: string;
}

function drawAxes(context: CanvasRenderingContext2D, trends: Trends, { width, first, last, across, colour, font }: Frame): void {
  const rows = trends.latency_edges_s.length + 1;
  context.fillStyle = colour('--text-soft');
  context.font = `11px ${font}`;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  trends.latency_edges_s.forEach((edge, index) => {
    if (index % 3 === 0) {
      context.fillText(duration(edge), axisWidth - 6, (rows - 1 - index) * rowHeight);
    }
  });
  context.textBaseline = 'top';
  const ticks = Math.max(1, Math.floor((width - axisWidth) / 140));
  for (let tick = 0; tick <= ticks; tick++) {
    const at = first + ((last - first) * tick) / ticks;
    context.textAlign = tick === 0 ? 'left' : tick === ticks ? 'right' : 'center';
    const text = last - first > 2 * 86_400 ? new Date(at * 1000).toLocaleDateString('en-CA') : moment(at, at).slice(0, 5);
    context.fillText(text, axisWidth + (at - first) * across, rows * rowHeight + 5);
  }
}
