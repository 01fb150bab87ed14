import { roles } from '../../db/schema/roles.ts';

/** Where users have a role: in the organization, in their customer, or in a tenant. */
export const ROLE_SCOPES = roles.scope.enumValues;

/** One of the scopes of roles. */
export type RoleScope = (typeof ROLE_SCOPES)[number];
