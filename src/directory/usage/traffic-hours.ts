/** How many hours back traffic is recorded and read. The present hour is the last of them. */
export const MAX_WINDOW_HOURS = 720;
/** How many hours of traffic are read unless the caller says otherwise. */
export const DEFAULT_WINDOW_HOURS = 24;

const HOUR_MILLISECONDS = 60 * 60 * 1000;

/** Returns the hour that a time lies in, as a number of hours since 1970. */
export const hourOf = (time: Date): number => Math.floor(time.getTime() / HOUR_MILLISECONDS);

/** Returns when an hour, counted since 1970, begins. */
export const startOfHour = (hour: number): Date => new Date(hour * HOUR_MILLISECONDS);

/** Returns the first of so many hours, the last of which is the present one. */
export const firstHour = (now: Date, durationInHours: number): number => hourOf(now) - durationInHours + 1;

/** How far the clock of a caller who records traffic may be ahead of ours. Traffic from the future counts as of now. */
export const MAX_AHEAD_MILLISECONDS = 5 * 60 * 1000;

/** Returns the time before which entries need not be kept: sent again, they would be too old to be recorded. */
export const forgottenBefore = (now: Date): Date =>
  new Date(startOfHour(firstHour(now, MAX_WINDOW_HOURS)).getTime() - MAX_AHEAD_MILLISECONDS);
