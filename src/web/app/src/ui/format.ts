import type { Json } from 'netra-pipeline-client';

/** A duration as a person says it: 340 ms, 2.4 s, 12 s, 3 min 5 s. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) {
    return `${Math.max(0, Math.round(ms))} ms`;
  }
  if (ms < 9950) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  if (ms < 59_500) {
    return `${Math.round(ms / 1000)} s`;
  }
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** JSON on one line, with the braces of the outermost object left out, as in a call. */
export function formatArguments(value: Json): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value)
      .map(([name, member]) => `${name}: ${JSON.stringify(member)}`)
      .join(', ');
  }
  return JSON.stringify(value);
}

/** JSON to be read at leisure; a text is shown as it is. */
export function formatJson(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** A size as a person says it: 340 B, 2.4 KiB, 12 MiB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A moment in Unix time: the time of day, with its date when that is not today's. */
export function formatMoment(seconds: number, now: number): string {
  const moment = new Date(seconds * 1000);
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  return moment.toDateString() === new Date(now).toDateString()
    ? moment.toLocaleTimeString([], time)
    : moment.toLocaleString([], { ...time, day: 'numeric', month: 'short' });
}

/** How long ago a moment in Unix time was, in a word: now, 5 min, 3 h, 2 d, else its date. */
export function formatAgo(seconds: number, now: number): string {
  const minutes = Math.floor((now / 1000 - seconds) / 60);
  if (minutes < 1) {
    return 'now';
  }
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return `${hours} h`;
  }
  const days = Math.floor(hours / 24);
  return days < 7 ? `${days} d` : new Date(seconds * 1000).toLocaleDateString([], { day: 'numeric', month: 'short' });
}
