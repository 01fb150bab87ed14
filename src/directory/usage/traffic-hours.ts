/** How far back traffic is recorded and read: so many hours, of which the present one is the last. */
export const MAX_WINDOW_HOURS = 720;
export const DEFAULT_WINDOW_HOURS = 24;

const HOUR_MILLISECONDS = 60 * 60 * 1000;

/** The hour of a moment, counted from the epoch. */
export const hourOf = (time: Date): number => Math.floor(time.getTime() / HOUR_MILLISECONDS);

export const startOfHour = (hour: number): Date => new Date(hour * HOUR_MILLISECONDS);

/** The first of so many hours, of which the present one is the last. */
export const firstHour = (now: Date, durationInHours: number): number => hourOf(now) - durationInHours + 1;

/** How far the clock of whoever counts may be ahead. What it dates so counts as of now. */
export const MAX_AHEAD_MILLISECONDS = 5 * 60 * 1000;

/** What was recorded before is of a time of which nothing is recorded any more. */
export const forgottenBefore = (now: Date): Date =>
  new Date(startOfHour(firstHour(now, MAX_WINDOW_HOURS)).getTime() - MAX_AHEAD_MILLISECONDS);
