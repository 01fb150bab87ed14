import { ValidationError } from '../../directory/kernel/errors.ts';
import { RoundedUpTime } from '../../directory/kernel/rfc3339.ts';
import type { Connection } from '../../directory/lists/connection.ts';
import { MAX_OFFSET, type Order } from '../../directory/lists/page-arguments.ts';
import { builder } from './builder.ts';

/** Which way a list is sorted. */
export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which way a list is sorted.',
  values: {
    ASC: { description: 'The smallest, earliest or alphabetically first comes first.' },
    DESC: { description: 'The largest, latest or alphabetically last comes first.' },
  } as const,
});

/** Descriptions of the arguments that every filtered list has. */
export const LIST_ARGUMENTS = {
  offset: `How many records to skip before the page, at most ${MAX_OFFSET}: go on by \`after\`. None if not given.`,
  createdAt_Gte: 'Created at this moment or later.',
  createdAt_Lte: 'Created at this moment or before.',
  updatedAt_Gte: 'Last changed at this moment or later.',
  updatedAt_Lte: 'Last changed at this moment or before.',
  sortBy:
    'How they are sorted, by one field; if not given, by UPDATED_AT for a range of updates alone, else by CREATED_AT.',
  orderBy: 'The older name of `sortBy`: give one of the two.',
} as const;

/** How a text is found in another. */
export const CONTAINED =
  'without regard to case and accents: one or two characters where a word begins, or anywhere in a script without spaces';

interface Sorting<Field extends string> {
  sortBy?: readonly (Order<Field> | null | undefined)[] | null | undefined;
  orderBy?: Order<Field> | null | undefined;
}

/** One order is served. Another behind it says nothing where no two records are equal in the first. */
export function orderOf<Field extends string>({ sortBy, orderBy }: Sorting<Field>): Order<Field> | undefined {
  const [first, ...others] = (sortBy ?? []).filter((order) => order != null);
  const isTotal = first?.field === 'CREATED_AT' || others.every(({ field }) => field === first?.field);
  if (!isTotal) throw ValidationError.at('sortBy', 'must have one element: a list is sorted by one field');
  if (first && orderBy) throw ValidationError.at('orderBy', 'cannot be combined with sortBy, whose older name it is');
  return first ?? orderBy ?? undefined;
}

/**
 * At this moment or before: the directory asks before when, and has milliseconds. Nothing is between a finer moment and the
 * one that it was rounded to.
 */
export function upTo(time: Date | null | undefined): Date | undefined {
  if (time == null) return undefined;
  return time instanceof RoundedUpTime ? time : new Date(time.getTime() + 1);
}

/**
 * Returns the list of the directory that the arguments ask for. `names` says what of the directory's filter has another
 * name as an argument.
 *
 * @throws ValidationError that names what is wrong as the arguments do.
 */
export function listedBy<Row>(names: Readonly<Record<string, string>>, list: () => Connection<Row>): Connection<Row> {
  try {
    return list();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(
      error.issues.map((issue) => {
        const [, name = issue.path] = /^filter\.(\w+)/.exec(issue.path) ?? [];
        return { ...issue, path: names[name] ?? name };
      }),
    );
  }
}
