import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import type { Check } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { hasVersion, planAlteration } from '../commands/entity.ts';
import { missingUnless, pathOf } from '../commands/references.ts';
import { ForbiddenError, NotFoundError, ValidationError, VersionConflictError } from '../kernel/errors.ts';
import { expectedVersion, tenantIdentifier } from '../kernel/input.ts';
import { patchedUser, userDetails } from '../users/columns.ts';
import { USER, type UserResult } from '../users/entity.ts';
import type { UserRecord } from '../users/queries.ts';
import { assignedTenant } from './effective-role.ts';
import { ownSession } from './session-queries.ts';

/** A check that a session which a trusted issuer began asks for no tenant: it reaches none. */
export const reachesTenants = (sessionId: string, asksForOne: boolean): Check<unknown> => ({
  problem: sql`(SELECT 'issued' FROM session
    WHERE session.id = ${sessionId} AND session.issuer_id IS NOT NULL AND ${asksForOne})`,
  error: () => ForbiddenError.outOfReach('A session that a trusted issuer began reaches no tenant.'),
});

/**
 * Changes the user who is signed in: the name, the picture and the tenant to start in, and nothing that decides what the
 * user may do. It needs no permission. It does not matter what the session reaches, only where the user has a role.
 */
export const updateViewer = command({
  name: 'updateViewer',
  permissions: [],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () =>
    z.object({
      name: userDetails().name,
      avatarUrl: userDetails().avatarUrl,
      defaultTenantIdentifier: tenantIdentifier().nullish(),
      expectedVersion: expectedVersion(),
    }),
  errors: [ValidationError, NotFoundError, VersionConflictError, ForbiddenError],
  plan(context, { expectedVersion, defaultTenantIdentifier: start, ...patch }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const { userId, sessionId } = ownSession(viewer);
    const defaultTenantId = start && sql`(SELECT ${assignedTenant(start)} FROM user WHERE user.id = ${userId})`;
    const noTenant: SQL[] =
      defaultTenantId && start
        ? [missingUnless(sql`${defaultTenantId} IS NOT NULL`, pathOf('defaultTenantIdentifier', start), 'tenant')]
        : [];
    const altering = planAlteration(
      context,
      USER,
      { id: userId, path: '', verb: 'updated', values: { ...patchedUser(patch), defaultTenantId }, missing: noTenant },
      (target) => hasVersion(USER, viewer, target, expectedVersion),
      (user): UserResult => ({ user }),
    );
    return { ...altering, checks: [reachesTenants(sessionId, start != null), ...altering.checks] };
  },
});
