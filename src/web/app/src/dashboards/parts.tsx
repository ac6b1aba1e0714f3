import type { ComponentChildren } from 'preact';
import { percent, words } from './format';

/** How good or bad something is. Each has a sign of its own beside its colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

const signs: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '■', quiet: '○' };

/** A state in a word, with its sign. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{signs[tone]}</span> {children}
    </span>
  );
}

/** The tone of a state's name, wherever the server uses it. */
export function toneOf(state: string): Tone {
  switch (state) {
    case 'healthy':
    case 'ready':
    case 'ok':
    case 'running':
    case 'acknowledged':
    case 'resolved':
    case 'passed':
      return 'good';
    case 'degraded':
    case 'waiting':
    case 'catching_up':
    case 'frozen':
    case 'draining':
    case 'pending':
    case 'initializing':
      return 'warn';
    case 'unhealthy':
    case 'stalled':
    case 'stuck':
    case 'failed':
    case 'dead_lettered':
    case 'expired':
    case 'firing':
    case 'stopped':
      return 'bad';
    default:
      return 'quiet';
  }
}

/** A state's name as a badge. */
export function State({ name }: { readonly name: string }) {
  return <Badge tone={toneOf(name)}>{words(name)}</Badge>;
}

interface TileProps {
  readonly label: string;
  readonly value: string;
  readonly tone?: Tone;
  readonly note?: ComponentChildren;
  readonly testId?: string;
}

/** One figure, its name above and what it means below. */
export function Tile({ label, value, tone, note, testId }: TileProps) {
  return (
    <div class={`tile ${tone ?? ''}`} data-testid={testId}>
      <dt>{label}</dt>
      <dd>
        <strong>
          {tone !== undefined && tone !== 'quiet' && (
            <span class="tile-sign" aria-hidden="true">
              {signs[tone]}{' '}
            </span>
          )}
          {value}
        </strong>
        {note !== undefined && <span class="tile-note">{note}</span>}
      </dd>
    </div>
  );
}

/** Figures beside each other. */
export function Tiles({ children }: { readonly children: ComponentChildren }) {
  return <dl class="tiles">{children}</dl>;
}

interface GaugeProps {
  readonly label: string;
  readonly share: number;
  readonly text: string;
  readonly note?: ComponentChildren;
}

/** How much of a limit is used. It warns from 70 % on, and is bad from 90 % on, which it says. */
export function Gauge({ label, share, text, note }: GaugeProps) {
  const tone: Tone = share >= 0.9 ? 'bad' : share >= 0.7 ? 'warn' : 'good';
  const shown = Math.min(1, Math.max(0, share));
  return (
    <div class={`gauge ${tone}`}>
      <div class="gauge-head">
        <span>{label}</span>
        <span>
          {tone !== 'good' && <span aria-hidden="true">{signs[tone]} </span>}
          {text} <b>{percent(shown)}</b>
        </span>
      </div>
      <div
        class="bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(shown * 100)}
      >
        <span style={{ width: `${shown * 100}%` }} />
      </div>
      {note !== undefined && <p class="gauge-note">{note}</p>}
    </div>
  );
}

interface PanelProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
  readonly testId?: string;
}

/** A part of a page under a heading. */
export function Panel({ title, note, wide = false, children, testId }: PanelProps) {
  return (
    <section class={wide ? 'panel wide' : 'panel'} data-testid={testId}>
      <header>
        <h2>{title}</h2>
        {note !== undefined && <span class="panel-note">{note}</span>}
      </header>
      {children}
    </section>
  );
}

/** One column of a table: its name, whether it is of numbers, and what stands in it. */
export interface Column<T> {
  readonly name: string;
  readonly numeric?: boolean;
  readonly cell: (row: T) => ComponentChildren;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly empty: string;
  readonly toneOf?: (row: T) => Tone | undefined;
  /** Whether all rows are seen at once; a longer list scrolls otherwise. */
  readonly whole?: boolean;
}

/** Rows under named columns; it scrolls sideways by itself where it is too wide, with the keyboard too. */
export function Table<T>({ label, columns, rows, keyOf, empty, toneOf: tone, whole = false }: TableProps<T>) {
  if (rows.length === 0) {
    return <p class="empty">{empty}</p>;
  }
  return (
    <div class={whole ? 'table-box whole' : 'table-box'} tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, numeric }) => (
              <th key={name} scope="col" class={numeric ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={tone?.(row) ?? ''}>
              {columns.map(({ name, numeric, cell }) => (
                <td key={name} class={numeric ? 'number' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names and values. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
