import { isBlank } from '../shared/blanks.ts';

/*
 * What null and the empty text say. Clients send either for what they have no value for, and forms send what was left empty
 * as an empty text. Every input of a mutation is read by `ofNew` or `ofChange`, whole, before anything else is made of it,
 * and every text among the arguments of a list by `asked`.
 */

/** Tells clients how an input that makes a record is read. */
export const HOW_TO_CREATE = 'Null and an empty text are no value, as if they had been left out.';

/** Tells clients how an input that changes a record is read. */
export const HOW_TO_CHANGE =
  'What is left out or null stays as it is. An empty text clears what can be without a value; of what cannot, it is refused.';

/** An input in which what says nothing is left out, and null stands for what is to be cleared. */
type Given<Input, Cleared> = { [Name in keyof Input]?: NonNullable<Input[Name]> | Cleared };

/** Returns the input of what makes a record: null and the empty text are none, as if they had been left out. */
export const ofNew = <Input extends object>(input: Input): Given<Input, never> =>
  mapped(input, (value) => (isBlank(value) ? undefined : value));

/**
 * Returns the input of what changes a record: null leaves what is there, as if it had been left out. The empty text clears
 * it, or is refused by the rule of what cannot be without a value.
 */
export const ofChange = <Input extends object>(input: Input): Given<Input, null> =>
  mapped(input, (value) => (isBlank(value) ? null : value));

/** Returns the argument of a list; null for the empty text, which asks for nothing. */
export const asked = (text: string | null | undefined): string | null => (isBlank(text ?? '') ? null : (text ?? null));

function mapped<Input extends object, Cleared>(input: Input, read: (value: unknown) => unknown): Given<Input, Cleared> {
  const entries = Object.entries(input).map(([name, value]) => [name, read(withoutNone(value))]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Given<Input, Cleared>;
}

/** Of a list that has something, empty texts are no items of it. One of nothing but nulls is a null itself. */
function withoutNone(value: unknown): unknown {
  if (value === null) return undefined;
  if (!Array.isArray(value) || value.length === 0) return value;
  const items = value.filter((item) => item !== null);
  return items.length === 0 ? undefined : items.filter((item) => !isBlank(item));
}
