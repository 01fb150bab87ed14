const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/i;
const [LAST_HOUR, LAST_MINUTE] = [23, 59];
const MINUTE_MILLISECONDS = 60_000;
/** The days that may begin behind a leap second, as months and days. */
const DAYS_AFTER_LEAP_SECONDS = ['01-01', '07-01'];

/** A time that lies before the one that it is read as, and behind the millisecond before that: written finer, or a leap second. */
export class RoundedUpTime extends Date {}

/**
 * Returns the time that is written as in RFC 3339. Returns null for anything else, the 30th of February and the 24th hour
 * included. A time between two milliseconds is the later one, so that what is at it or later is so for both, and what is
 * before it as well. A leap second is the beginning of the next day.
 */
export function parseRfc3339(value: unknown): Date | null {
  const [text, day, hourAndMinute, second, fraction = '', sign, hours, minutes] =
    (typeof value === 'string' && RFC_3339.exec(value)) || [];
  if (text === undefined || !day || !isDay(day) || !isOffset(hours, minutes)) return null;
  const isLeapSecond = second === '60';
  const local = new Date(`${day}T${hourAndMinute}:${isLeapSecond ? '59' : second}Z`).getTime();
  if (hourAndMinute?.startsWith('24')) return null;
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MILLISECONDS * (sign === '-' ? -1 : 1);
  const whole = local - offset;
  if (isLeapSecond) return afterLeapSecond(whole + 1000);
  const isFiner = /[1-9]/.test(fraction.slice(3));
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0')) + (isFiner ? 1 : 0);
  return ofCalendar(isFiner ? new RoundedUpTime(whole + milliseconds) : new Date(whole + milliseconds));
}

/** Without this check, JavaScript would read the 30th of February as the 2nd of March. */
const isDay = (day: string): boolean => {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};

const isOffset = (hours = '0', minutes = '0'): boolean => Number(hours) <= LAST_HOUR && Number(minutes) <= LAST_MINUTE;

/** Leap seconds are the last of June or of December, in UTC. */
function afterLeapSecond(milliseconds: number): Date | null {
  const time = ofCalendar(new RoundedUpTime(milliseconds));
  const [, day, rest] = (time && /^\d{4}-(.{5})T(.*)$/.exec(time.toISOString())) || [];
  return DAYS_AFTER_LEAP_SECONDS.includes(day ?? '') && rest === '00:00:00.000Z' ? time : null;
}

/** A time whose year has four digits; null for any other, and for none. */
function ofCalendar<Time extends Date>(time: Time): Time | null {
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9999 ? time : null;
}
