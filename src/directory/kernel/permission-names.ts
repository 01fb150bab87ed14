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

const BUILT_IN: ReadonlySet<string> = new Set(PERMISSIONS);

/** Returns whether a permission is a built-in one. */
export const isBuiltInPermission = (name: PermissionName): name is Permission => BUILT_IN.has(name);

/** Returns each of these names once, sorted: as they are compared and shown. */
export const distinctNames = (names: readonly PermissionName[]): PermissionName[] => [...new Set(names)].sort();

const nounOf = (name: PermissionName): string => name.split(':')[0]?.toLowerCase() ?? '';

/** The nouns of the built-in permissions: no permission of the product begins with one of them, in whatever case. */
const RESERVED: ReadonlySet<string> = new Set(PERMISSIONS.map(nounOf));

/** How many characters the name of a permission has at most. */
export const MAX_PERMISSION_NAME_LENGTH = 64;

const WORD = '[a-z][a-zA-Z0-9]*(?:[-._][a-zA-Z0-9]+)*';
const NAME = new RegExp(`^${WORD}:${WORD}$`);

/** Returns why a text cannot be the name of a permission of the product; null if it can. */
export function problemOfPermissionName(name: string): string | null {
  if (name.length > MAX_PERMISSION_NAME_LENGTH) return `must be at most ${MAX_PERMISSION_NAME_LENGTH} characters`;
  if (!NAME.test(name)) {
    return 'must be `noun:verb`, such as `invoice:approve`: each begins with one of a to z and goes on with letters of A to Z and digits, between which one of - . _ may stand';
  }
  return RESERVED.has(nounOf(name))
    ? `must not begin with \`${nounOf(name)}\`, in whatever case: the nouns of built-in permissions are reserved`
    : null;
}
