import * as z from 'zod';
import { lazily } from './lazily.ts';

/** How long a secret that is replaced stays good beside the new one, if nothing else is said. */
export const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;

/** How long it may stay good at the most. */
export const MAX_OVERLAP_SECONDS = 7 * DEFAULT_OVERLAP_SECONDS;

/** For how many seconds a secret that is replaced is to stay good, in an input. */
export const overlap = lazily(() =>
  z.int().min(0, 'must not be negative').max(MAX_OVERLAP_SECONDS, `must be at most ${MAX_OVERLAP_SECONDS}`).nullish(),
);
