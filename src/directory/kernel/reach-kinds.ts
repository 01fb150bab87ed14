import { apiKeys } from '../../db/schema/api-keys.ts';

/** How far a credential can reach: the whole organization, some tenants, or one customer. */
export const REACH_KINDS = apiKeys.reach.enumValues;

export type ReachKind = (typeof REACH_KINDS)[number];
