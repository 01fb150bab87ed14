import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql';
import { visitFields } from './mutation-preflight.ts';

/**
 * Returns the error of an operation that must not be asked by GET; null if it may be. A field that is given secrets says so, as
 * `isPostOnly` in its extensions: addresses are kept in logs and histories.
 */
export function refusedByGet(schema: GraphQLSchema, executed: ExecutionArgs): GraphQLError | null {
  let refused: string | null = null;
  visitFields(schema, executed, ({ name, extensions }) => {
    if (extensions.isPostOnly) refused ??= name;
  });
  if (refused === null) return null;
  const http = { status: 405, headers: { allow: 'POST' } };
  const message = `${refused} is asked by POST only: what it is given must not stand in an address.`;
  return new GraphQLError(message, { extensions: { code: 'METHOD_NOT_ALLOWED', http } });
}
