import { builder, type InputFields } from './builder.ts';

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which way a list is sorted.',
  values: {
    ASC: { description: 'The smallest, earliest or alphabetically first comes first.' },
    DESC: { description: 'The largest, latest or alphabetically last comes first.' },
  } as const,
});

const direction = (t: InputFields) =>
  t.field({ type: OrderDirection, required: true, defaultValue: 'ASC', description: 'Which way to sort.' });

const RECORD_ORDER_VALUES = {
  CREATED_AT: { description: 'When the record was created, as its `createdAt` says.' },
  UPDATED_AT: { description: 'When the record was last changed, as its `updatedAt` says.' },
  NAME: { description: 'The name, without regard to case, accents and variants of characters: Éclair before Zebra.' },
} as const;

const RecordOrderField = builder.enumType('RecordOrderField', {
  description: 'What tenants and customers can be sorted by. Records that are equal in it are sorted by id.',
  values: RECORD_ORDER_VALUES,
});

/** The order of a list of tenants or customers. Records that are equal in it are sorted by id, so pages are stable. */
export const RecordOrder = builder.inputType('RecordOrder', {
  description: 'How a list of tenants or customers is sorted.',
  fields: (t) => ({
    field: t.field({ type: RecordOrderField, required: true, description: 'What to sort by.' }),
    direction: direction(t),
  }),
});

const UserOrderField = builder.enumType('UserOrderField', {
  description:
    'What users can be sorted by. Those who are equal in it are sorted by id; those without a name come first.',
  values: { ...RECORD_ORDER_VALUES, EMAIL: { description: 'The e-mail address, without regard to case.' } } as const,
});

/**
 * The order of a list of users, who can also be sorted by e-mail address. Users that are equal in it are sorted by id.
 */
export const UserOrder = builder.inputType('UserOrder', {
  description: 'How a list of users is sorted.',
  fields: (t) => ({
    field: t.field({ type: UserOrderField, required: true, description: 'What to sort by.' }),
    direction: direction(t),
  }),
});

const ApiKeyOrderField = builder.enumType('ApiKeyOrderField', {
  description: 'What API keys can be sorted by. Those that are equal in it are sorted by id.',
  values: {
    CREATED_AT: { description: 'When the key was created.' },
    NAME: { description: 'The name, without regard to the case of A to Z.' },
    LAST_USED_AT: {
      description: 'When the key was last used. One that never was stands where it was created.',
    },
    EXPIRES_AT: { description: 'When the key expires. One that does not comes behind all others.' },
  } as const,
});

/** The order of a list of API keys. Keys that are equal in it are sorted by id. */
export const ApiKeyOrder = builder.inputType('ApiKeyOrder', {
  description: 'How a list of API keys is sorted.',
  fields: (t) => ({
    field: t.field({ type: ApiKeyOrderField, required: true, description: 'What to sort by.' }),
    direction: direction(t),
  }),
});

/** Describes the argument `orderBy` of a list whose filter takes `updatedAt`. */
export const ORDER_BY =
  'How they are sorted; if not given, by UPDATED_AT for a filter by `updatedAt` alone, else by CREATED_AT.';

const DeletedFilter = builder.enumType('DeletedFilter', {
  description: 'What a list does with deleted records.',
  values: {
    EXCLUDE: { description: 'Leaves them out.' },
    ONLY: { description: 'Has nothing else: what could be restored.' },
    INCLUDE: { description: 'Has them among the others.' },
  } as const,
});

/** A stretch of time, as filters take it. */
export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'A stretch of time, open where an end is not given.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'At this moment or later.' }),
    to: t.field({ type: 'DateTime', description: 'Before this moment.' }),
  }),
});

const FOLDED = 'without regard to case, accents and variants of characters';
const IN_ONE_PIECE = `${FOLDED}. One or two characters where a word begins, or anywhere in a script without spaces.`;

/** What is said of a filter by a name, and by what a text has in it or begins with. */
export const TEXT_FILTERS = {
  name: 'With this name, without regard to case',
  nameStartsWith: `Whose name begins so, ${FOLDED}.`,
  nameContains: `With this anywhere in the name, in one piece, ${IN_ONE_PIECE}`,
  emailContains: `With this anywhere in the e-mail address, in one piece, ${IN_ONE_PIECE} The domain may be spelled in either way.`,
  descriptionContains: `With this anywhere in the description, in one piece, ${IN_ONE_PIECE}`,
} as const;

/**
 * Returns the fields that the filters of tenants, customers and users share. `deleted` describes the field of that
 * name; `searched` says where a search looks, as in "anywhere in the …".
 */
export const entityFilterFields = (t: InputFields, { deleted, searched }: { deleted: string; searched: string }) => ({
  deleted: t.field({ type: DeletedFilter, description: deleted }),
  externalIds: t.stringList({ description: 'Any of these, 1 to 100.' }),
  createdAt: t.field({ type: DateTimeRange, description: 'Created within, as their `createdAt` says.' }),
  updatedAt: t.field({ type: DateTimeRange, description: 'Last changed within, as their `updatedAt` says.' }),
  search: t.string({
    description: `Words to look for, 1 to 256 characters, ${FOLDED}. All of them are found, in any order: of three characters and more anywhere in the ${searched}, of one or two where a word begins, or anywhere in a script without spaces. No character has a meaning of its own. Or an external id, as a whole and with regard to case. Of more than eight words, those from the eighth on are looked for in one piece.`,
  }),
});
