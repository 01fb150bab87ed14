import * as z from 'zod';

/** Whether a value is an empty string. Programs send one for what they have no value for, and forms for what was left empty. */
export const isBlank = (given: unknown): boolean => typeof given === 'string' && given.trim() === '';

/** Returns the schema of a value that may be absent: null and an empty string both say that there is none. */
export const orNone = <Value>(value: z.ZodType<Value>) =>
  z.preprocess((given) => (isBlank(given) ? null : given), value.nullish());

/** Returns the schema of a value that is left as it is by null and by an empty string, as if it were not given. */
export const orLeft = <Value>(value: z.ZodType<Value>) => orNone(value).transform((given) => given ?? undefined);
