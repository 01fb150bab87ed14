import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { type Reach, userWhollyInReach } from '../access/reach.ts';
import { type Check, NO_PROBLEM } from '../commands/checks.ts';
import type { CommandContext } from '../commands/command.ts';
import { customerNamed, noCustomer } from '../commands/identifiers.ts';
import { missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { BEYOND_REACH, holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import { keepsOwnerWithRole } from '../guards/last-admin-guard.ts';
import { ForbiddenError, ValidationError } from '../kernel/errors.ts';
import type { CustomerIdentifier, RoleIdentifier, TenantIdentifier } from '../kernel/input.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import type { Home } from './columns.ts';
import { assignInTenant } from './tenant-roles.ts';

/** A role and the place of a user, as an upsert names them. Without a customer and a tenant, a new user is a team member. */
export interface GivenPlace {
  roleIdentifier?: RoleIdentifier | null | undefined;
  customerIdentifier?: CustomerIdentifier | null | undefined;
  tenantIdentifier?: TenantIdentifier | null | undefined;
}

/** The user of an upsert, as expressions. */
export interface UpsertedUser {
  /** NULL if there is none yet. */
  userId: SQL;
  newUserId: string;
  /** A condition over the columns of `user` for the user who exists and is in reach. */
  reached: SQL;
  /** By an id nobody is created. */
  isNamedById: boolean;
}

/** Who may create users in a place. */
const CREATORS: Record<Home['kind'], readonly Reach['kind'][]> = {
  ORGANIZATION: ['ORGANIZATION'],
  CUSTOMER: ['ORGANIZATION', 'CUSTOMER'],
  TENANT: ['ORGANIZATION', 'TENANTS'],
};

/** What a place stands for. */
interface ResolvedPlace {
  /** Where a new user is. */
  home: Home;
  /** The tenant that is given, as an expression; null without one. */
  tenantId: SQL | null;
  /** The role that is given, as an expression; null without one. */
  roleId: SQL | null;
  /** Checks that come before it is said what of the place is not there, and those that come behind. */
  isOpen: readonly Check<unknown>[];
  missing: readonly SQL[];
  isTheirs: readonly Check<unknown>[];
}

/**
 * Resolves the place of an upsert. Where none is given, the role is of the scope of the role that a user has who exists: one of
 * tenants only has no other.
 *
 * @throws ForbiddenError, from the command, if there is no such user in reach and the viewer may create none there, or if the
 *   viewer names the customer or the own role of somebody whom they reach in part: they would learn the rest by guessing
 * @throws ValidationError, from the command, if the customer is not that of the user
 */
export function resolvePlace(
  { viewer: { reach } }: CommandContext,
  { reached, isNamedById }: UpsertedUser,
  { roleIdentifier, customerIdentifier, tenantIdentifier }: GivenPlace,
): ResolvedPlace {
  const byPlace: Home['kind'] = customerIdentifier ? 'CUSTOMER' : tenantIdentifier ? 'TENANT' : 'ORGANIZATION';
  const ownScope = sql`nullif(coalesce((SELECT user.kind FROM user WHERE ${reached}), 'ORGANIZATION'), 'TENANT')`;
  const scope = byPlace === 'ORGANIZATION' ? ownScope : sql`${byPlace}`;
  const roleId = roleIdentifier ? roleNamed(roleIdentifier, scope) : null;
  const tenantId = tenantIdentifier ? tenantNamed(reach, tenantIdentifier) : null;
  const customerId = customerIdentifier ? customerNamed(reach, customerIdentifier) : null;

  const isReached = sql`EXISTS (SELECT 1 FROM user WHERE ${reached})`;
  const mayCreate = isNamedById || CREATORS[byPlace].includes(reach.kind);
  const isOpen: Check<unknown>[] = [
    {
      problem: mayCreate ? NO_PROBLEM : sql`iif(${isReached}, NULL, 'closed')`,
      error: () => ForbiddenError.outOfReach('You reach no such user, and may create none in this place.'),
    },
  ];
  if (reach.kind !== 'ORGANIZATION' && (customerIdentifier || (roleIdentifier && !tenantIdentifier))) {
    const isPartly = sql`NOT ${userWhollyInReach(reach, sql`user.id`)}`;
    isOpen.push({
      problem: sql`(SELECT 'beyond' FROM user WHERE ${reached} AND ${isPartly})`,
      error: () => ForbiddenError.outOfReach(BEYOND_REACH),
    });
  }
  return {
    home: homeOf(byPlace, roleId ?? sql`NULL`, customerId),
    tenantId,
    roleId,
    isOpen,
    missing: [
      ...(customerId && customerIdentifier ? [noCustomer(customerId, customerIdentifier)] : []),
      ...(tenantId && tenantIdentifier
        ? [missingUnless(sql`${tenantId} IS NOT NULL`, pathOf('tenantIdentifier', tenantIdentifier), 'tenant')]
        : []),
      // Which role is meant depends on the user: without whom it is no reason of its own.
      ...(roleId && roleIdentifier
        ? [
            noRole(
              roleId,
              roleIdentifier,
              isNamedById && byPlace === 'ORGANIZATION' ? sql`NOT ${isReached}` : undefined,
            ),
          ]
        : []),
    ],
    isTheirs: customerId
      ? [
          {
            problem: sql`(SELECT 'other' FROM user WHERE ${reached} AND user.customer_id IS NOT ${customerId})`,
            error: () =>
              ValidationError.at('customerIdentifier', 'is not the customer of the user, who is moved by `moveUser`'),
          },
        ]
      : [],
  };
}

function homeOf(kind: Home['kind'], roleId: SQL, customerId: SQL | null): Home {
  if (kind === 'CUSTOMER' && customerId) return { kind, roleId, customerId };
  return kind === 'TENANT' ? { kind } : { kind: 'ORGANIZATION', roleId };
}

/** The part of an upsert that gives the user a role. */
interface RoleStep {
  /** The user's own role from then on, in the organization or the customer; null where it stays. */
  own: SQL | null;
  /** The role that the user has in that place now. */
  current: SQL;
  checks: readonly Check<unknown>[];
  keeps: readonly Check<unknown>[];
  recorded(allowed: SQL): SQL[];
}

/**
 * Gives the user the role of the place, under the rules of the grant guard and of the last owner and admin. One that the user has
 * is not given.
 */
export function roleStep(
  context: CommandContext,
  { userId, newUserId }: UpsertedUser,
  { roleId, tenantId }: Pick<ResolvedPlace, 'roleId' | 'tenantId'>,
): RoleStep {
  const current = tenantId
    ? sql`(SELECT assignment.role_id FROM assignment WHERE assignment.user_id = ${userId} AND assignment.tenant_id = ${tenantId})`
    : sql`(SELECT own.role_id FROM user own WHERE own.id = ${userId})`;
  if (!roleId) return { own: null, current, checks: [], keeps: [], recorded: () => [] };
  const granted = sql`SELECT permission FROM (${permissionsOfRole(roleId)} UNION ${permissionsOfRole(current)})
    WHERE ${roleId} IS NOT ${current}`;
  const checks = [holdsPermissions(context.viewer, granted)];
  if (!tenantId) {
    return { own: roleId, current, checks, keeps: [keepsOwnerWithRole(userId, roleId)], recorded: () => [] };
  }
  const { keeps, recorded } = assignInTenant(context, sql`coalesce(${userId}, ${newUserId})`, tenantId, roleId);
  return { own: null, current, checks, keeps: [keeps], recorded: (allowed) => [recorded(allowed)] };
}
