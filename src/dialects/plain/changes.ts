import * as z from 'zod';
import { builder } from './builder.ts';

/** A change of a value that is always there. */
export const StringInput = builder.inputType('StringInput', {
  description: 'A change of a value that is always there.',
  fields: (t) => ({ value: t.string({ required: true, description: 'The value from now on.' }) }),
});

/** A change of a value that may be absent: null or nothing in it clears the value, and no change at all leaves it. */
export const OptionalStringInput = builder.inputType('OptionalStringInput', {
  description: 'A change of a value that may be absent.',
  fields: (t) => ({ value: t.string({ description: 'The value from now on; null and an empty string clear it.' }) }),
});

/** A change of a flag. */
export const BooleanInput = builder.inputType('BooleanInput', {
  description: 'A change of what is true or false.',
  fields: (t) => ({ value: t.boolean({ required: true, description: 'Whether it is so from now on.' }) }),
});

/** Reads any of them: undefined where nothing is to change. */
export const changeTo = <Value>(value: z.ZodType<Value>) =>
  z
    .object({ value })
    .nullish()
    .transform((change) => change?.value);
