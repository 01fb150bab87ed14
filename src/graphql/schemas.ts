import type { GraphQLSchema } from 'graphql';

let read: GraphQLSchema | undefined;
let whole: GraphQLSchema | undefined;

/**
 * Returns the schema of `/graphql`, which it builds first if it has to. For a document that only reads, that is the part without
 * mutations, which takes two thirds of the time, unless the whole is there already.
 */
export async function schemaFor({ onlyReads }: { onlyReads: boolean }): Promise<GraphQLSchema> {
  if (onlyReads && !whole) read ??= (await import('./read-schema.ts')).readSchema;
  if (onlyReads && read) return read;
  whole ??= (await import('./schema.ts')).schema;
  return whole;
}
