import { builder } from './shared/builder.ts';
import './reading.ts';

/**
 * The part of the schema of `/graphql` that queries and subscriptions need. It is built sooner than the whole, and no mutation is
 * loaded for it.
 */
export const readSchema = builder.toSchema({ sortSchema: false });
