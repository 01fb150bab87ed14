import * as z from 'zod';
import { type Issue, ValidationError } from './errors.ts';

/** What is compared where values must be unique, and what names are sorted by. Values are shown as they were given. */
export function comparable(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase();
}

export const MAX_TEXT_LENGTH = 256;
const MAX_LONG_TEXT_LENGTH = 4096;
export const MAX_EMAIL_LENGTH = 254;
const MAX_URL_LENGTH = 2048;
const MAX_LABELS = 50;
const MAX_LABEL_LENGTH = 64;
export const MAX_IDENTIFIERS = 100;

export const otherwise = (message: string) => (issue: { input?: unknown }) =>
  issue.input === undefined || issue.input === null ? 'is required' : message;

/** Control characters, other than tabs and line breaks. NUL, among them, ends a string for SQLite. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Anything but white space, format characters (such as zero-width spaces) and marks that need another to stand on. */
const VISIBLE = /[^\s\p{Cf}\p{M}]/u;

const string = z
  .string({ error: otherwise('must be a string') })
  .trim()
  .refine((text) => text.isWellFormed() && !CONTROL_CHARACTERS.test(text), {
    error: 'must not contain control characters or broken Unicode',
    abort: true,
  });

/** A string of 1 to `max` characters, trimmed. */
const textOf = (max: number) =>
  string.regex(VISIBLE, 'must not be empty').max(max, `must be at most ${max} characters`);

export const text = textOf(MAX_TEXT_LENGTH);
export const longText = textOf(MAX_LONG_TEXT_LENGTH);
export const flag = z.boolean({ error: otherwise('must be true or false') });
export const instant = z.date({ error: otherwise('must be a date and time') });
export const choice = <const V extends readonly string[]>(values: V) =>
  z.enum(values, { error: otherwise(`must be one of ${values.join(', ')}`) });
export const id = string.toLowerCase().pipe(z.guid({ error: 'is not an id of this kind' }));
export const emailAddress = textOf(MAX_EMAIL_LENGTH).pipe(z.email({ error: 'must be an e-mail address' }));
export const webAddress = textOf(MAX_URL_LENGTH).pipe(
  z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
);
export const labels = z
  .array(textOf(MAX_LABEL_LENGTH), { error: otherwise('must be a list') })
  .max(MAX_LABELS, `must be at most ${MAX_LABELS}`)
  .transform((list) => [...new Set(list)]);

/** The version that the caller last saw: the change is refused if the record has another by now. */
export const expectedVersion = z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1').nullish();

/** Several ways to name one record, of which exactly one is given. */
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

export const tenantIdentifier = exactlyOne({ id, externalId: text });
export const customerIdentifier = exactlyOne({ id, email: emailAddress, externalId: text });
export const userIdentifier = exactlyOne({ id, email: emailAddress, externalId: text });
export const roleIdentifier = exactlyOne({ id, name: text });
export type TenantIdentifier = z.output<typeof tenantIdentifier>;
export type CustomerIdentifier = z.output<typeof customerIdentifier>;
export type UserIdentifier = z.output<typeof userIdentifier>;
export type RoleIdentifier = z.output<typeof roleIdentifier>;

export const tenantIdentifiers = z
  .array(tenantIdentifier, { error: otherwise('must be a list') })
  .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`);

/** A row of an import is named by its external id, or else by its e-mail address. */
export function isIdentified(row: { externalId?: unknown; email?: unknown }, context: z.RefinementCtx): void {
  if (row.externalId != null || row.email != null) return;
  const message = 'is required, unless there is an email';
  context.addIssue({ code: 'custom', path: ['externalId'], message, input: undefined });
}

/** The input of a new record: what is null there is not given, at whatever depth. */
export const newRecord = <const S extends z.ZodRawShape>(shape: S) => z.preprocess(withoutNulls, z.object(shape));

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return value;
  const given = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(given.map(([name, part]) => [name, withoutNulls(part)]));
}

function toIssue(issue: z.core.$ZodIssue, at: readonly string[]): Issue {
  const missing = issue.input === undefined || issue.input === null;
  return {
    path: [...at, ...issue.path].map(String).join('.'),
    message: issue.message,
    kind: missing ? 'REQUIRED' : 'INVALID',
  };
}

/** An input of thousands of wrong values is answered by a few of them. */
const MAX_ISSUES = 100;

/** The input as the schema reads it, or a ValidationError that names what is wrong with its path, below `at`. */
export function parse<S extends z.ZodType>(schema: S, input: unknown, ...at: string[]): z.output<S> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ValidationError(parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => toIssue(issue, at)));
}
