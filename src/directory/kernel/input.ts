import * as z from 'zod';
import { nameOfCharacter, unseenIn } from './characters.ts';
import { problemOfEmail } from './email-address.ts';
import { type Issue, ValidationError } from './errors.ts';
import { lazily, type OutputOf } from './lazily.ts';

/** How many characters a short text, such as a name, has at most. */
export const MAX_TEXT_LENGTH = 256;
const MAX_LONG_TEXT_LENGTH = 4096;
/** How many characters a URL has at most. */
export const MAX_URL_LENGTH = 2048;
const MAX_LABELS = 50;
const MAX_LABEL_LENGTH = 64;
/** How many identifiers a list in an input has at most. */
export const MAX_IDENTIFIERS = 100;

/** Returns the message of a value of the wrong type: `is required` for one that is missing, else this message. */
export const otherwise = (message: string) => (issue: { input?: unknown }) =>
  issue.input === undefined || issue.input === null ? 'is required' : message;

/** Control characters, other than tabs and line breaks. One of them, NUL, would end a string for SQLite. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * A character that is seen by itself: no white space, combining mark or format character, such as a zero-width space.
 */
const VISIBLE = /[^\s\p{Cf}\p{M}]/u;

const isClean = (text: string): boolean => text.isWellFormed() && !CONTROL_CHARACTERS.test(text);
const NOT_CLEAN = { error: 'must not contain control characters or broken Unicode', abort: true };
const EMPTY = 'must not be empty';

const string = lazily(() =>
  z
    .string({ error: otherwise('must be a string') })
    .trim()
    .refine(isClean, NOT_CLEAN),
);

/** A string of 1 to `max` characters, trimmed. */
const textOf = (max: number) => string().regex(VISIBLE, EMPTY).max(max, `must be at most ${max} characters`);

/** What begins another line somewhere, or a cell: as people's programs read it, and not only as JavaScript does. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const LINE_BREAKS_AND_TABS = /[\t\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]/;

const ONE_LINE = 'must be one line, without tabs';

const problemOfUnseen = (line: string): string | null => {
  const unseen = unseenIn(line);
  // Of what has nothing else, it is said that it is empty.
  return unseen === undefined || !VISIBLE.test(line)
    ? null
    : `must not have ${nameOfCharacter(unseen)}, which nobody can see`;
};

/**
 * A string of 1 to `max` characters on one line, trimmed: what is built from it, such as a subject, stays on one line, too. It
 * has no character that nobody can see, by which it would look like another one.
 */
const lineOf = (max: number) =>
  textOf(max)
    .refine((line) => !LINE_BREAKS_AND_TABS.test(line), ONE_LINE)
    .refine((line) => problemOfUnseen(line) === null, {
      error: ({ input }) => problemOfUnseen(String(input)) ?? '',
    });

/** A short text on one line, such as a name: trimmed, and not empty. */
export const text = lazily(() => lineOf(MAX_TEXT_LENGTH));
/**
 * A text of somebody's own that is compared to the letter, such as an id: not empty, and on one line. White space around it is
 * refused, because without it, it would be another one.
 */
export const exactText = lazily(() =>
  z
    .string({ error: otherwise('must be a string') })
    .refine(isClean, NOT_CLEAN)
    .refine((text) => VISIBLE.test(text), { error: EMPTY, abort: true })
    .refine((text) => text === text.trim(), 'must not begin or end with white space')
    .max(MAX_TEXT_LENGTH, `must be at most ${MAX_TEXT_LENGTH} characters`)
    .refine((text) => !LINE_BREAKS_AND_TABS.test(text), ONE_LINE),
);
/** What to look for, or a short text that may have several lines: trimmed, and not empty. */
export const shortText = lazily(() => textOf(MAX_TEXT_LENGTH));
/** A text of up to 4,096 characters, such as a description: trimmed, and not empty. */
export const longText = lazily(() => textOf(MAX_LONG_TEXT_LENGTH));
/** True or false. */
export const flag = lazily(() => z.boolean({ error: otherwise('must be true or false') }));
/** A point in time. */
export const instant = lazily(() => z.date({ error: otherwise('must be a date and time') }));
/** Returns the schema of one of these values. */
export const choice = <const V extends readonly string[]>(values: V) =>
  z.enum(values, { error: otherwise(`must be one of ${values.join(', ')}`) });
/** The id of a record, in any case of its letters. */
export const id = lazily(() =>
  string()
    .toLowerCase()
    .pipe(z.guid({ error: 'is not an id of this kind' })),
);
/** An e-mail address, as it was written: `keyOfEmail` gives the form in which addresses are compared. */
export const emailAddress = lazily(() =>
  string()
    .refine((address) => VISIBLE.test(address), { error: EMPTY, abort: true })
    .refine((address) => problemOfEmail(address) === null, {
      error: ({ input }) => problemOfEmail(String(input)) ?? '',
    }),
);
/** An http or https URL, on one line: what reads URLs would pass over line breaks and tabs in it. */
export const webAddress = lazily(() =>
  lineOf(MAX_URL_LENGTH).pipe(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })),
);
/**
 * What somebody keeps as the URL of something, as it was written: programs send `acme.com` as well. Whoever makes a link of it
 * has to see first that it is http or https.
 */
export const freeUrl = lazily(() => lineOf(MAX_URL_LENGTH));
/** A list of labels, in which none stands twice. Two that differ in case alone may: see `labelledAs`. */
export const labels = lazily(() =>
  z
    .array(lineOf(MAX_LABEL_LENGTH), { error: otherwise('must be a list') })
    .max(MAX_LABELS, `must be at most ${MAX_LABELS}`)
    .transform((list) => [...new Set(list)]),
);

/** The version that the caller last saw. A change fails if the record has another version by then. */
export const expectedVersion = lazily(() =>
  z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1').nullish(),
);

/**
 * The option of a rule about several values of an object: it is asked although others of them are wrong, too, so that all that
 * is wrong is said at once. It finds those as they were sent.
 */
export const ALTHOUGH_OTHERS_ARE_WRONG = {
  when: ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null,
};

/** Returns the schema of an object that names one record in exactly one of several ways. */
export function exactlyOne<const S extends Record<string, z.ZodType<string>>>(shape: S) {
  const names = Object.keys(shape);
  const optional = Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, type.nullish()]));
  return z
    .object(optional as { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K]>> }, {
      error: otherwise('must be an object'),
    })
    .refine((given) => Object.values(given).filter((value) => value != null).length === 1, {
      error: `must have exactly one of ${names.join(', ')}`,
    });
}

/** Names a tenant by its id or its external id. */
export const tenantIdentifier = lazily(() => exactlyOne({ id: id(), externalId: text() }));
/** Names a customer by its id, e-mail address or external id. */
export const customerIdentifier = lazily(() => exactlyOne({ id: id(), email: emailAddress(), externalId: text() }));
/** Names a user by the id, e-mail address or external id. */
export const userIdentifier = lazily(() => exactlyOne({ id: id(), email: emailAddress(), externalId: text() }));
/** Names a role by its id or its name. */
export const roleIdentifier = lazily(() => exactlyOne({ id: id(), name: text() }));
/** How an input names one tenant, once it has been validated. */
export type TenantIdentifier = OutputOf<typeof tenantIdentifier>;
/** How an input names one customer, once it has been validated. */
export type CustomerIdentifier = OutputOf<typeof customerIdentifier>;
/** How an input names one user, once it has been validated. */
export type UserIdentifier = OutputOf<typeof userIdentifier>;
/** How an input names one role, once it has been validated. */
export type RoleIdentifier = OutputOf<typeof roleIdentifier>;

/**
 * The fields of an input that names the record which it is about: by its `id`, or by an `identifier` as reads do. Exactly one of
 * them is given, which `isNamedOnce` sees to.
 */
export const namedBy = <I extends z.ZodType>(identifier: I) => ({
  id: id().nullish(),
  identifier: identifier.nullish(),
});

/** A refinement of an input with the fields of `namedBy`: it has exactly one of the two. */
export function isNamedOnce(input: { id?: unknown; identifier?: unknown }, context: z.RefinementCtx): void {
  const { id, identifier } = input;
  if ((id == null) !== (identifier == null)) return;
  if (id != null) {
    context.addIssue({ code: 'custom', path: ['identifier'], message: 'must not be given beside an id', input });
    return;
  }
  // An API that has no identifiers leaves them out, and is not told of them.
  const message = identifier === undefined ? 'is required' : 'is required, unless there is an identifier';
  context.addIssue({ code: 'custom', path: ['id'], message, input: undefined });
}

/** A list of identifiers of tenants. */
export const tenantIdentifiers = lazily(() =>
  z
    .array(tenantIdentifier(), { error: otherwise('must be a list') })
    .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`),
);

/** Adds an issue to a row of an import that has neither an external id nor an e-mail address to be found by. */
export function isIdentified(row: { externalId?: unknown; email?: unknown }, context: z.RefinementCtx): void {
  if (row.externalId != null || row.email != null) return;
  const message = 'is required, unless there is an email';
  context.addIssue({ code: 'custom', path: ['externalId'], message, input: undefined });
}

/** Returns the schema of a new record. Nulls in it, at any depth, count as not given. */
export const newRecord = <const S extends z.ZodRawShape>(shape: S) => z.preprocess(withoutNulls, z.object(shape));

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return value;
  const given = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(given.map(([name, part]) => [name, withoutNulls(part)]));
}

function toIssue(issue: z.core.$ZodIssue, at: readonly string[]): Issue {
  const missing = issue.input === undefined || issue.input === null;
  return {
    path: cut([...at, ...issue.path].map(String).join('.')),
    message: cut(issue.message),
    kind: missing ? 'REQUIRED' : 'INVALID',
  };
}

/** Keeps the answer to an input with thousands of wrong values short. */
const MAX_ISSUES = 100;
/** A path has names that somebody sent, where an API takes any JSON, and a message may quote them. */
const MAX_QUOTED_CHARACTERS = 300;

const cut = (text: string): string => text.slice(0, MAX_QUOTED_CHARACTERS).toWellFormed();

/**
 * Returns the input as the schema reads it.
 * @throws ValidationError with the paths of the wrong values, below `at`, and at most 100 of them.
 */
export function parse<S extends z.ZodType>(schema: () => S, input: unknown, ...at: string[]): z.output<S> {
  const parsed = schema().safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ValidationError(parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => toIssue(issue, at)));
}
