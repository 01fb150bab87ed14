import { builder } from './builder.ts';

/* What inputs and payloads of several mutations have in common. */

/** What an upsert did, as its payload says. */
export const UpsertOutcome = builder.enumType('UpsertOutcome', {
  description: 'What an upsert did.',
  values: {
    CREATED: { description: 'There was no such record: it was created.' },
    UPDATED: { description: 'The record existed and was changed.' },
    NOOP: { description: 'The record existed and nothing differed: nothing was written, and no event.' },
  } as const,
});

/** Describes the input field `permanently` of a mutation that deletes. */
export const PERMANENTLY =
  'True to erase the record, and what its events say of it, instead of hiding it: there is no way back. Only for callers who reach the whole organization. False if not given.';

/** Describes the input field `expectedVersion` of a mutation that changes a record with versions. */
export const EXPECTED_VERSION = 'The version you last saw: if the record has another by now, nothing is changed.';
