import type { GraphQLSchema } from 'graphql';

let read: GraphQLSchema | undefined;
let isWholeAsked = false;

/**
 * Returns the schema of `/graphql`, which it builds first if it has to. For a document that only reads, that is the part without
 * mutations, which takes less time, unless the whole was asked for before that part.
 */
export async function schemaFor({ onlyReads }: { onlyReads: boolean }): Promise<GraphQLSchema> {
  // The builder has all types once the whole is loaded: what is built of it from then on is the whole.
  if (onlyReads && !read && !isWholeAsked) read = (await import('./read-schema.ts')).readSchema;
  if (onlyReads && read) return read;
  isWholeAsked = true;
  return (await import('./schema.ts')).schema;
}
