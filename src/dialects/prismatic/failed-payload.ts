import { type Failed, whatFailed } from '../shared/failed.ts';

/** What no field is to blame for; clients show it without a name. */
export const NO_FIELD = '__all__';

/** Returns what a mutation answers that failed, or whose answer did, in an operation of which something was done. */
export const failedPayload = (failed: Failed) => ({
  done: null,
  errors: [{ field: NO_FIELD, messages: [whatFailed(failed)] }],
});
