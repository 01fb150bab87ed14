import * as z from 'zod';
import { parse, shortText } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { parseRfc3339 } from '../../directory/kernel/rfc3339.ts';
import { orNone } from '../shared/blanks.ts';
import { builder } from './builder.ts';

/** A time as ISO 8601 has it. */
const dateTime = lazily(() =>
  z.iso
    .datetime({ offset: true, error: 'must be a date and time as in ISO 8601, such as 2026-11-21T09:30:00Z' })
    .transform((time) => parseRfc3339(time) ?? new Date(time)),
);

/** Reads a `DatetimeFilter` as the directory has it. */
export const updatedWithin = lazily(() =>
  z
    .object({ after: orNone(dateTime()), before: orNone(dateTime()) })
    .refine(({ after, before }) => after == null || before == null || after <= before, {
      path: ['after'],
      error: 'must not be after `before`',
    })
    .transform(({ after: from, before: to }) => ({ from, to }))
    .nullish(),
);

const MIN_TERM_LENGTH = 2;

export const searchTerm = lazily(() =>
  shortText().refine((term) => [...term].length >= MIN_TERM_LENGTH, `must be at least ${MIN_TERM_LENGTH} characters`),
);

const tenantsSearch = lazily(() => z.object({ term: searchTerm() }));

/** The term of a search for tenants. */
export const termOf = (searchQuery: { term: string }): string => parse(tenantsSearch, searchQuery, 'searchQuery').term;

export const DatetimeFilter = builder.inputType('DatetimeFilter', {
  description: 'A stretch of time, open where an end is not given. As in ISO 8601: 2026-11-21T09:30:00Z.',
  fields: (t) => ({
    after: t.string({ description: 'At this moment or later.' }),
    before: t.string({ description: 'Before this moment.' }),
  }),
});
