/** Every permission there is. The rows of the table `permission` are the same list, with descriptions. */
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
] as const;

export type Permission = (typeof PERMISSIONS)[number];
