import { apiKeys } from '../../db/schema/api-keys.ts';

/** How many requests a credential may make: the default, or more. How many these are, the deployment says. */
export const RATE_LIMIT_TIERS = apiKeys.rateLimitTier.enumValues;

/** The limit that the requests of a credential count against. */
export type RateLimitTier = (typeof RATE_LIMIT_TIERS)[number];
