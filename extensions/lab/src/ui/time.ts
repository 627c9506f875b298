/**
 * Times as people read them, in the language of the page.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `5 minutes ago` for what is near, the day for what is not; "" for no time. */
export function ago(
  time: string | null | undefined,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const seconds = time ? (now - Date.parse(time)) / 1000 : NaN;
  if (!Number.isFinite(seconds)) {
    return '';
  }
  if (seconds < MINUTE) {
    return trans.__('just now');
  }
  const near = new Intl.RelativeTimeFormat(languageOf(trans), { numeric: 'auto' });
  if (seconds < HOUR) {
    return near.format(-Math.floor(seconds / MINUTE), 'minute');
  }
  if (seconds < DAY) {
    return near.format(-Math.floor(seconds / HOUR), 'hour');
  }
  if (seconds < 7 * DAY) {
    return near.format(-Math.floor(seconds / DAY), 'day');
  }
  return new Intl.DateTimeFormat(languageOf(trans), { dateStyle: 'medium' }).format(
    new Date(time as string)
  );
}

/** Day and time to the second, for a tooltip or a ledger; "" for no time. */
export function exactly(time: string | null | undefined, trans: TranslationBundle): string {
  const date = new Date(time ?? NaN);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  return new Intl.DateTimeFormat(languageOf(trans), {
    dateStyle: 'medium',
    timeStyle: 'medium'
  }).format(date);
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`; "" for none. */
export function lasting(seconds: number | null | undefined, trans: TranslationBundle): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) {
    return '';
  }
  if (seconds < 10) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  if (whole < MINUTE) {
    return trans.__('%1 s', whole);
  }
  if (whole < HOUR) {
    return trans.__('%1 min %2 s', Math.floor(whole / MINUTE), whole % MINUTE);
  }
  return trans.__('%1 h %2 min', Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE));
}

/** The page's language as browsers name it; JupyterLab's names have an underscore, and `default` for English. */
function languageOf(trans: TranslationBundle): string | undefined {
  const language = (trans as { getLocale?: () => string }).getLocale?.().replace('_', '-');
  if (!language || language === 'default') {
    return 'en';
  }
  return Intl.DateTimeFormat.supportedLocalesOf([language]).length > 0 ? language : 'en';
}
