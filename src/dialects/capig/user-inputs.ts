import * as z from 'zod';
import { command } from '../../directory/commands/command.ts';
import { emailAddress, otherwise } from '../../directory/kernel/input.ts';
import { addTenantUser } from '../../directory/users/add-tenant-user.ts';
import { changeRole } from '../../directory/users/change-role.ts';
import { createOrganizationUser } from '../../directory/users/creation-commands.ts';
import { inviteUser } from '../../directory/users/invite-user.ts';
import { idGiven, NO_ID } from './records.ts';
import { type NamedRole, namedRole } from './role-names.ts';

/** What names no role is a name that none has. */
const roleName = z
  .string()
  .transform((name): NamedRole => namedRole(name) ?? { roleIdentifier: { id: NO_ID }, tenantId: null });

const newUser = z.object({ email: emailAddress, roleName });

/** `createOrganizationUser` of the directory in the document's words. */
export const addToAgency = command({
  ...createOrganizationUser,
  input: newUser
    .transform(({ email, roleName: { roleIdentifier } }): unknown => ({ email, roleIdentifier, handOutLink: true }))
    .pipe(createOrganizationUser.input),
});

/** `addTenantUser` likewise. */
export const addToAdvertiser = command({
  ...addTenantUser,
  input: newUser
    .transform(({ email, roleName: { roleIdentifier, tenantId } }): unknown => ({
      email,
      roleIdentifier,
      tenantIdentifier: { id: tenantId },
      handOutLink: true,
    }))
    .pipe(addTenantUser.input),
});

const asPlace = (role: NamedRole | null | undefined) =>
  role && {
    roleIdentifier: role.roleIdentifier,
    tenantIdentifier: role.tenantId === null ? null : { id: role.tenantId },
  };

/** `changeRole` likewise. */
export const changeAsSpelled = command({
  ...changeRole,
  input: z
    .object({
      userId: z.string().transform((id) => idGiven('User', id)),
      roleToRevoke: roleName.nullish(),
      roleToAdd: roleName.nullish(),
    })
    .transform(
      ({ userId, roleToRevoke, roleToAdd }): z.input<typeof changeRole.input> => ({
        userIdentifier: { id: userId },
        revoke: asPlace(roleToRevoke),
        assign: asPlace(roleToAdd),
      }),
    )
    .pipe(changeRole.input),
});

/** `inviteUser` likewise: of the team of the organization, or of a tenant. */
export const inviteAsSpelled = command({
  ...inviteUser,
  input: z
    .object({ email: emailAddress, tenantId: z.string().nullish(), userType: z.enum(['AGENCY', 'ADVERTISER']) })
    .refine(({ tenantId, userType }) => userType === 'AGENCY' || tenantId != null, {
      path: ['tenantId'],
      error: otherwise('is required for an ADVERTISER'),
    })
    .transform(
      ({ email, tenantId, userType }): z.input<typeof inviteUser.input> => ({
        userIdentifier: { email },
        ...(userType === 'AGENCY'
          ? { teamMember: true }
          : { tenantIdentifier: { id: idGiven('Tenant', tenantId ?? '') } }),
        handOutLink: true,
      }),
    )
    .pipe(inviteUser.input),
});
