import { type Failed, whatFailed } from '../shared/failed.ts';

/** Returns what a mutation answers that failed, or whose answer did, in an operation of which something was done. */
export const failedPayload = (failed: Failed) => ({
  done: null,
  error: { message: whatFailed(failed), type: 'INTERNAL', code: 'internal', fields: [] },
});
