import type * as z from 'zod';

/**
 * Returns a function that makes a value when it is first called. Schemas are made like that: to make one takes many times as long as
 * to use it, and most requests use few of them. A command and a field of a dialect see to it themselves, and take any function.
 */
export function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What is given to a schema that is made like that. */
export type InputOf<Schema extends () => z.ZodType> = z.input<ReturnType<Schema>>;

/** What such a schema reads it as. */
export type OutputOf<Schema extends () => z.ZodType> = z.output<ReturnType<Schema>>;
