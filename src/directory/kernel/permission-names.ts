/**
 * The names of the built-in permissions: what is needed here. The table `permission` has a row with a description for each
 * of them, and for those of the product.
 */
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
  'permission:edit',
  'access:check',
] as const;

/** The name of a built-in permission, such as `tenant:read`. */
export type Permission = (typeof PERMISSIONS)[number];

/** The name of a permission: a built-in one, or one of the product, such as `invoice:approve`. */
export type PermissionName = string;
