import { apiKeys } from '../../db/schema/api-keys.ts';

/** How far a credential can reach: the whole organization, some tenants, or one customer. */
export const REACH_KINDS = apiKeys.reach.enumValues;

/** How far a credential reaches, without saying which tenants or which customer. */
export type ReachKind = (typeof REACH_KINDS)[number];
