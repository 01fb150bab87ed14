import { failedPayload } from '../../dialects/prismatic/failed-payload.ts';
import { BEARER_ONLY } from '../auth/credentials.ts';
import { documented, failure } from '../shared/failures.ts';
import type { Dialect } from './dialect.ts';
import { graphQLAnswerer } from './graphql-answerer.ts';

/** A page of customers, and below each a page of users with nine fields: neither is asked for a number of records. */
export const MAX_PRISMATIC_COST = 100_000;

const answerer = graphQLAnswerer({
  schema: async () => (await import('../../dialects/prismatic/schema.ts')).schema,
  failure,
  spelled: documented,
  maxCost: MAX_PRISMATIC_COST,
  // The command line reads errors only where there is no data, and takes for granted what else it asked for. What a
  // mutation has done by then is told all the same.
  allOrNothing: ['query'],
  failedPayload,
});

/** GraphQL at `/api`. What it says is in src/dialects/prismatic. */
export const prismatic: Dialect = {
  methods: 'POST',
  ...BEARER_ONLY,
  tokens: ['API_KEY', 'API_TOKEN', 'ACCESS_TOKEN', 'EMBEDDED_TOKEN'],
  failure,
  at: (path) => (path === '/api' || path === '/api/' ? answerer : null),
};
