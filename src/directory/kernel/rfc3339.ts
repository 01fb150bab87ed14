const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** Returns the time that is written as in RFC 3339. Returns null for anything else, the 30th of February included. */
export function parseRfc3339(value: unknown): Date | null {
  const [text, day] = (typeof value === 'string' && RFC_3339.exec(value)) || [];
  const time = new Date(text ?? Number.NaN);
  const year = time.getUTCFullYear();
  return day === undefined || !isDay(day) || !(year >= 0 && year <= 9999) ? null : time;
}

/** Without this check, JavaScript would read the 30th of February as the 2nd of March. */
const isDay = (day: string): boolean => {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};
