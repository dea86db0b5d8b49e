import i18next from 'i18next';

const language = () => i18next.resolvedLanguage ?? 'en';

/** A number as the reader's language writes it. */
export const formatNumber = (value: number, options?: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(language(), options).format(value);

/** A time span: `12 ms`, `4.2 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return unit(Math.round(ms), 'millisecond', 0);
  if (ms < 60_000) return unit(ms / 1000, 'second', ms < 10_000 ? 1 : 0);
  const minutes = Math.floor(ms / 60_000);
  if (minutes >= 60) return `${unit(Math.floor(minutes / 60), 'hour', 0)} ${unit(minutes % 60, 'minute', 0)}`;

  return `${unit(minutes, 'minute', 0)} ${unit(Math.floor((ms % 60_000) / 1000), 'second', 0)}`;
}

/** A time span of whole seconds: `4 s`, `3 min 5 s`. */
export const formatSeconds = (seconds: number): string =>
  seconds < 10 ? unit(seconds, 'second', 0) : formatDuration(seconds * 1000);

/** A size of a file: `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return unit(bytes, 'byte', 0);
  if (bytes < 1_000_000) return unit(bytes / 1000, 'kilobyte', 0);

  return unit(bytes / 1_000_000, 'megabyte', 1);
}

/** An amount of money; small ones keep the digits that matter. */
export function formatCost(amount: number, currency: string): string {
  const digits =
    amount !== 0 && Math.abs(amount) < 0.01 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 };
  try {
    return formatNumber(amount, { style: 'currency', currency, ...digits });
  } catch {
    return `${formatNumber(amount, digits)} ${currency}`;
  }
}

/** Date and time, exact. */
export const formatDateTime = (time: string | number): string =>
  new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(time));

const SPANS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** A moment as seen from now: `5 minutes ago`, `in 2 hours`. */
export function formatRelative(time: string | number, now = Date.now()): string {
  const distance = new Date(time).getTime() - now;
  const format = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  for (const [name, ms] of SPANS) {
    if (Math.abs(distance) >= ms) return format.format(Math.trunc(distance / ms), name);
  }

  return format.format(Math.trunc(distance / 1000), 'second');
}

function unit(value: number, name: string, digits: number): string {
  return formatNumber(value, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  });
}
