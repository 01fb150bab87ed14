import type { GraphQLSchema } from 'graphql';
import { schema as capig } from '../../src/dialects/capig/schema.ts';
import { schema as plain } from '../../src/dialects/plain/schema.ts';
import { schema as prismatic } from '../../src/dialects/prismatic/schema.ts';
import { schema } from '../../src/graphql/schema.ts';

/** An API in GraphQL. */
export interface GraphQLApi {
  path: string;
  schema: GraphQLSchema;
}

/** Every API in GraphQL that there is. */
export const GRAPHQL_APIS: readonly GraphQLApi[] = [
  { path: '/graphql', schema },
  { path: '/plain/graphql/v1', schema: plain },
  { path: '/api', schema: prismatic },
  { path: '/hub/graphql', schema: capig },
];
