import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { type Check, NO_PROBLEM } from '../commands/checks.ts';
import type { CommandContext, UniqueValue } from '../commands/command.ts';
import { creation, exists, uniqueValues } from '../commands/entity.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { writtenOf } from '../commands/unique-values.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { outlastsBy } from '../guards/expiry-guard.ts';
import { holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { ValidationError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { newId } from '../kernel/ids.ts';
import { requestInvitations, waitsForInvitation } from '../mail/mailed-links.ts';
import { shareableInvitation } from '../mail/shareable-invitations.ts';
import { newUser } from '../users/columns.ts';
import { USER } from '../users/entity.ts';
import { recordTenantRoles, writeTenantRoles } from '../users/tenant-roles.ts';

/** The parts of a command that give a new tenant its first admin. */
interface FirstAdmin {
  checks: readonly Check<unknown>[];
  writes: readonly SQL[];
  unique: readonly UniqueValue[];
  /** How many invitations it mails, as an expression; nothing where there is no admin. */
  mails?: SQL;
  /** Returns what the command shows of the admin, by the events that it recorded. */
  shown(recorded: ReadonlySet<EventType>): FirstAdminShown;
}

/** What a command that creates a tenant shows of its first admin. */
export interface FirstAdminShown {
  /** Whether it gave the tenant an admin. */
  hasAdmin: boolean;
  /** The token of the shareable invitation of the admin; null if there is none. */
  linkToken: string | null;
}

interface NewTenant {
  tenantId: string;
  adminEmail: string | undefined;
  partnerManaged: boolean | undefined;
  /** Whether the caller wants a shareable invitation. */
  handOutLink: boolean | null | undefined;
  /** An expression: the tenant does not exist yet. */
  isNew: SQL;
}

/**
 * Makes the user with this e-mail address the first admin of a new tenant. If there is no such user, one is created and
 * invited, and the caller may get the link (`shareableInvitation`). A tenant that no partner manages must have an admin. The viewer must hold all permissions of admins.
 * That a tenant keeps its last admin is the rule of guards/last-admin-guard.ts.
 */
export function firstAdmin(
  context: CommandContext,
  { tenantId, adminEmail, partnerManaged, handOutLink, isNew }: NewTenant,
): FirstAdmin {
  if (adminEmail === undefined) {
    const problem = partnerManaged === false ? sql`iif(${isNew}, 'missing', NULL)` : NO_PROBLEM;
    const shown = () => ({ hasAdmin: false, linkToken: null });
    return { checks: [{ problem, error: isRequired }], writes: [], unique: [], shown };
  }
  const { viewer } = context;
  const created = wasRecorded(context, 'tenant.created');
  const named = isUser({ email: adminEmail });
  const values = { ...newUser({ email: adminEmail }, { kind: 'TENANT' }), defaultTenantId: tenantId };
  const creating = creation(context, USER, newId(), values);
  // A team member whom the viewer may not let in becomes the admin, and gets no invitation.
  const mayBeInvited = sql`${waitsForInvitation(context.at)} AND NOT ${outlastsBy(viewer, sql`user.role_id`)}`;
  const invited = sql`${named} AND ${mayBeInvited}`;
  const shareable = shareableInvitation(context, handOutLink);
  const assigned = sql`(SELECT (SELECT user.id FROM user WHERE ${named}) AS user_id,
    ${tenantId} AS tenant_id, ${TENANT_ADMIN_ROLE_ID} AS role_id)`;
  return {
    checks: [
      holdsPermissions(viewer, sql`${permissionsOfRole(sql`${TENANT_ADMIN_ROLE_ID}`)} AND ${isNew}`),
      isNotDeactivated(sql`${named} AND ${isNew}`, 'adminEmail'),
    ],
    writes: [
      creating.recorded(sql`${created} AND NOT ${exists(USER, named)}`),
      ...creating.writes,
      requestInvitations(context, sql`FROM user WHERE ${invited} AND ${created}`),
      recordTenantRoles(context, assigned, created),
      ...writeTenantRoles(context),
      ...shareable.writes(sql`${named} AND ${created}`),
    ],
    mails: sql`(${isNew} AND (NOT ${exists(USER, named)} OR ${exists(USER, invited)}))`,
    unique: uniqueValues(USER, viewer, writtenOf(values), sql`FALSE`).flatMap((value) =>
      value.path === 'email' ? [{ ...value, path: 'adminEmail', heldFormerly: null }] : [],
    ),
    shown: (recorded) => ({
      hasAdmin: recorded.has('tenantRole.assigned'),
      linkToken: shareable.token(recorded),
    }),
  };
}

const isRequired = () =>
  ValidationError.at('adminEmail', 'is required for a new tenant that no partner manages', 'REQUIRED');
