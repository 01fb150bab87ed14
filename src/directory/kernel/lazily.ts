import type * as z from 'zod';

/**
 * Returns a function that makes a value when it is first called. Schemas are made like that: to make one takes many times as long as
 * to use it, and most requests use few of them.
 */
export function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What is given to a schema that is made like that. */
export type InputOf<Schema extends () => z.ZodType> = z.input<ReturnType<Schema>>;

/** What such a schema reads it as. */
export type OutputOf<Schema extends () => z.ZodType> = z.output<ReturnType<Schema>>;
