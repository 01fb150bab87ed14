import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import type { CommandContext } from '../commands/command.ts';
import { permissionsNamed } from '../guards/given-permissions.ts';
import { holdsPermissions } from '../guards/grant-guard.ts';
import { ForbiddenError, ValidationError } from '../kernel/errors.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import { RATE_LIMIT_TIERS, type RateLimitTier } from '../kernel/rate-limit-tiers.ts';

/**
 * Checks that whoever takes over, changes or ends a key holds all that it holds, and all that it is given. That its reach lies
 * inside is part of finding it.
 */
export const holdsPermissionsOf = (
  viewer: Viewer,
  apiKeyId: string,
  given: readonly PermissionName[] = [],
): Check<unknown> => {
  const held = sql`SELECT permission FROM api_key_permission WHERE api_key_id = ${apiKeyId}`;
  return holdsPermissions(viewer, given.length === 0 ? held : sql`${held} UNION ${permissionsNamed(given)}`);
};

/** Checks, for who ends at some time, that they take over no key that ends later, or never. */
export function endsInTime({ expiresAt }: Viewer, apiKeyId: string): Check<unknown>[] {
  if (expiresAt === null) return [];
  return [
    {
      problem: sql`(SELECT 'later' FROM api_key
        WHERE id = ${apiKeyId} AND (expires_at IS NULL OR expires_at > ${expiresAt.getTime()}))`,
      error: outlivesError,
    },
  ];
}

const outlivesError = () => ForbiddenError.outOfReach('The key ends later than your own.');

const TOO_LATE = 'must not lie behind the expiry of your own key';

/**
 * Returns when a new key ends: as it is asked for, and without being asked when its maker does.
 * @throws ValidationError for a time behind the end of its maker
 */
export function endOf({ expiresAt: end }: Viewer, given: Date | null | undefined): Date | null {
  if (end === null || given == null) return given ?? end;
  if (given > end) throw ValidationError.at('expiresAt', TOO_LATE);
  return given;
}

/**
 * Requires that a key that is changed ends no later than whoever changes it. Null is never.
 * @throws ValidationError if it would
 */
export function requireEndInTime({ expiresAt: end }: Viewer, given: Date | null): void {
  if (end !== null && (given === null || given > end)) throw ValidationError.at('expiresAt', TOO_LATE);
}

/** Checks that a time lies ahead. It did when the change was first asked for, if that is a while ago. */
export const liesAhead = ({ at }: CommandContext, time: Date): Check<unknown> => ({
  problem: sql`${time > at ? null : 'past'}`,
  error: () => ValidationError.at('expiresAt', 'must lie in the future'),
});

/**
 * The tiers that the viewer holds: of a key, its own and the lower one; of anybody else, the high one only for who reaches
 * the whole organization.
 */
function tiersOf({ actor, reach, rateLimitTier }: Viewer): readonly RateLimitTier[] {
  const holdsAll = actor.type === 'API_KEY' ? rateLimitTier === 'HIGH' : reach.kind === 'ORGANIZATION';
  return holdsAll ? RATE_LIMIT_TIERS : ['DEFAULT'];
}

/** The tiers that the viewer may give to a new key. Within some tenants there is only the default one to give. */
export const tiersToGive = (viewer: Viewer): readonly RateLimitTier[] =>
  viewer.reach.kind === 'ORGANIZATION' ? tiersOf(viewer) : ['DEFAULT'];

/** Checks that whoever takes over a key holds its tier. To end one, nobody needs to. */
export const holdsTierOf = (viewer: Viewer, apiKeyId: string): Check<unknown> => ({
  problem: sql`(SELECT 'higher' FROM api_key
    WHERE id = ${apiKeyId} AND NOT ${inList(sql`rate_limit_tier`, tiersOf(viewer))})`,
  error: higherTierError,
});

/** Returns the error for who would give or take over a tier that they do not hold. */
export const higherTierError = () => ForbiddenError.outOfReach('The rate limit tier is higher than you may give.');
