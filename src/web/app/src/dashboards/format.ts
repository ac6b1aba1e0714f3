const none = '–';

/** A count, in full below ten thousand, and rounded above: `12.3k`. */
export function count(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) {
    return none;
  }
  const size = Math.abs(value);
  return size < 10_000 ? Math.round(value).toLocaleString('en') : scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
}

/** A rate or a mean: with a fraction while it is small. */
export function amount(value: number | undefined): string {
  return value !== undefined && Math.abs(value) < 10 && !Number.isInteger(value)
    ? value.toFixed(value < 1 ? 2 : 1)
    : count(value);
}

/** `1.5 GiB`. */
export function bytes(value: number | undefined): string {
  return value === undefined ? none : scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** A share of 1; four nines are worth showing. */
export function percent(share: number | undefined): string {
  if (share === undefined) {
    return none;
  }
  const value = share * 100;
  return `${value === 100 || value === 0 ? value : value > 99 ? floor(value, 2) : floor(value, 1)} %`;
}

/** A duration in two units at most: `3 min 20 s`, `1.2 ms`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) {
    return none;
  }
  if (seconds < 1) {
    const ms = seconds * 1000;
    return ms === 0 ? '0 ms' : ms < 0.1 ? '<0.1 ms' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  if (hours === 0) {
    return `${minutes} min${whole % 60 === 0 ? '' : ` ${whole % 60} s`}`;
  }
  if (hours < 48) {
    return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  }
  return `${Math.floor(hours / 24)} d`;
}

/** How long ago something was, or how long it takes, in whole seconds. */
export function age(seconds: number | undefined): string {
  const whole = seconds === undefined ? undefined : Math.max(0, Math.floor(seconds));
  return whole !== undefined && whole < 10 ? `${whole} s` : duration(whole);
}

/** A number of things: `1 connection`, `2 connections`. */
export function things(number: number, name: string): string {
  return `${count(number)} ${name}${number === 1 ? '' : 's'}`;
}

/** The time of day, and the day where it is not today's. */
export function moment(at: number, now: number = Date.now() / 1000): string {
  const [then, today] = [new Date(at * 1000), new Date(now * 1000)];
  const time = then.toLocaleTimeString('en-GB');
  return then.toDateString() === today.toDateString() ? time : `${then.toLocaleDateString('en-CA')} ${time}`;
}

/** A name of the wire, for people: `silent_failures` is `silent failures`. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (Math.abs(rest) >= base && unit < units.length - 1) {
    rest /= base;
    unit++;
  }
  return `${unit === 0 || Math.abs(rest) >= 100 ? Math.round(rest) : rest.toFixed(1)}${units[unit]}`;
}

// Rounded down: 99.996 % is not 100 %.
function floor(value: number, digits: number): string {
  const factor = 10 ** digits;
  return (Math.floor(value * factor) / factor).toFixed(digits);
}
