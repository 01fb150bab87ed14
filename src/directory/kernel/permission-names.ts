/** The names of all permissions. The table `permission` has a row with a description for each of them. */
export const PERMISSIONS = [
  'organization:edit',
  'tenant:read',
  'tenant:create',
  'tenant:edit',
  'tenant:delete',
  'customer:read',
  'customer:create',
  'customer:edit',
  'customer:delete',
  'customerTenantMembership:create',
  'customerTenantMembership:delete',
  'user:read',
  'user:create',
  'user:edit',
  'user:delete',
  'role:read',
  'role:edit',
  'apiKey:read',
  'apiKey:edit',
  'event:read',
  'usage:read',
  'usage:record',
  'webhook:read',
  'webhook:edit',
] as const;

/** The name of a permission, such as `tenant:read`. */
export type Permission = (typeof PERMISSIONS)[number];
