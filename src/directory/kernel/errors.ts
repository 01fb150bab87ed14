import type { PermissionName } from './permission-names.ts';

/** The kinds of records that an error can name, spelled as in global ids. */
export type NamedEntity =
  | 'Tenant'
  | 'Customer'
  | 'User'
  | 'Role'
  | 'ApiKey'
  | 'TrustedIssuer'
  | 'Pixel'
  | 'Pipeline'
  | 'Webhook';

/** A record that an error names, together with what kind of record it is. */
export interface NamedRecord {
  entity: NamedEntity;
  /** The record as its queries read it. The errors themselves use nothing but its id. */
  record: { id: string };
  /** Whether it is hidden with its customer: it holds its values, and is not shown. */
  ofDeletedCustomer?: boolean;
}

/** Every code of an error that a command can answer. A test holds docs/errors.md against it. */
export const ERROR_CODES = [
  'validation_failed',
  'not_found',
  'already_exists',
  'insufficient_permissions',
  'read_only_key',
  'out_of_reach',
  'not_signed_in',
  'version_conflict',
  'import_rejected',
  'last_owner',
  'last_admin',
  'built_in_role',
  'role_in_use',
  'too_many_roles',
  'too_many_data_sources',
  'too_many_secrets',
  'too_many_webhooks',
  'too_many_permissions',
  'permission_in_use',
] as const;
/** The code of an error that a command can answer. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error that is part of the API and not a bug: the caller sees it as it is. Every other error is masked. */
export abstract class DirectoryError extends Error {
  /** Clients decide by the code, so it never changes. The message is for people and may. */
  abstract readonly code: ErrorCode;
}

/** One value of an input that is not valid, and why. */
export interface Issue {
  /** Where in the input, such as `billing.taxExempt` or `tenantIdentifiers.1.externalId`. */
  path: string;
  message: string;
  kind: 'INVALID' | 'REQUIRED';
}

const MAX_SUMMED_UP = 10;

/** Returns the first of these texts as one, and how many more there are. */
function summary(texts: readonly string[], separator: string): string {
  const more = texts.length - MAX_SUMMED_UP;
  return [...texts.slice(0, MAX_SUMMED_UP), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}

/** Thrown when values of the input are not valid. Each issue names the path of one of them. */
export class ValidationError extends DirectoryError {
  readonly code = 'validation_failed';
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    const wrong = issues.map(({ path, message }) => `${path} ${message}`.trim());
    super(`The input is not valid: ${summary(wrong, '; ')}.`);
    this.issues = issues;
  }

  /** Returns the error for one value that is not valid. */
  static at(path: string, message: string, kind: Issue['kind'] = 'INVALID'): ValidationError {
    return new ValidationError([{ path, message, kind }]);
  }
}

/** An identifier in the input that names no record which the viewer reaches. */
export interface Reference {
  path: string;
  /** The kind of record that it should have named, in lower case: `tenant`. */
  entity: string;
  message: string;
}

/** Thrown when the input names a record that does not exist or is out of reach. The two are not told apart. */
export class NotFoundError extends DirectoryError {
  readonly code = 'not_found';
  readonly references: readonly Reference[];

  constructor(references: readonly Reference[]) {
    const missing = references.map(({ message }) => message);
    super(summary(missing, ' '));
    this.references = references;
  }
}

/** Thrown when a value that must be unique belongs to another record. */
export class AlreadyExistsError extends DirectoryError {
  readonly code = 'already_exists';
  readonly path: string;
  /** Null unless the viewer may read the record that holds the value. Rows of an import never have it. */
  readonly existing: NamedRecord | null;
  /** Whether the holder is a user who is hidden with a deleted customer, and the viewer may know that. */
  readonly ofDeletedCustomer: boolean = false;
  /** How many of the values belong to what the viewer may not see: how often a credential is told so is limited. */
  readonly hidden: number;

  constructor(
    path: string,
    existing: NamedRecord | null,
    hidden = existing === null ? 1 : 0,
    message = `The value given at ${path} belongs to another record.`,
  ) {
    super(message);
    this.path = path;
    this.existing = existing;
    this.hidden = hidden;
  }

  /** Returns the error for a value of a user who is hidden with a deleted customer, for viewers who may know of the user. */
  static ofDeletedCustomer(path: string): AlreadyExistsError {
    const message = `The value given at ${path} belongs to a user of a deleted customer.`;
    return Object.assign(new AlreadyExistsError(path, null, 0, message), { ofDeletedCustomer: true });
  }
}

/** Thrown when the viewer lacks a permission or the reach, may only read, or is no user who signed in. */
export class ForbiddenError extends DirectoryError {
  readonly code: ErrorCode & ('insufficient_permissions' | 'read_only_key' | 'out_of_reach' | 'not_signed_in');
  readonly missingPermissions: readonly PermissionName[];

  constructor(code: ForbiddenError['code'], message: string, missing: readonly PermissionName[] = []) {
    super(message);
    this.code = code;
    this.missingPermissions = missing;
  }

  /** Returns the error for a viewer who lacks these permissions. */
  static missing(permissions: readonly PermissionName[]): ForbiddenError {
    const list = permissions.map((permission) => `"${permission}"`).join(', ');
    return new ForbiddenError('insufficient_permissions', `Insufficient permissions, missing ${list}.`, permissions);
  }

  /** Returns the error for a key that may only read. */
  static readOnlyKey(): ForbiddenError {
    return new ForbiddenError('read_only_key', 'This API key may only read.');
  }

  /** Returns the error for a key where only a signed-in user is allowed. */
  static notSignedIn(): ForbiddenError {
    return new ForbiddenError('not_signed_in', 'Only for users who signed in. This credential is a key.');
  }

  /** Returns the error for something that lies beyond the viewer's reach. */
  static outOfReach(message: string): ForbiddenError {
    return new ForbiddenError('out_of_reach', message);
  }
}

/** Thrown when a record has another version than the caller expected, because somebody else changed it first. */
export class VersionConflictError extends DirectoryError {
  readonly code = 'version_conflict';
  /** The record as it is now. Null unless the viewer may read such records. */
  readonly current: NamedRecord | null;

  constructor(version: number | null, current: NamedRecord | null) {
    super(
      version === null ? 'Somebody else changed it in the meantime.' : `The record is at version ${version} by now.`,
    );
    this.current = current;
  }
}

/** Stands for a row that was fine, in an import that was to be done as a whole and in which another row failed. */
export class ImportRejectedError extends DirectoryError {
  readonly code = 'import_rejected';

  constructor() {
    super('Nothing was imported, because other rows failed.');
  }
}

/** Thrown when a change would leave the organization without an owner. */
export class LastOwnerError extends DirectoryError {
  readonly code = 'last_owner';

  constructor() {
    super('The last owner of the organization can be neither deleted, demoted nor deactivated.');
  }
}

/** Thrown when a change would leave a tenant without an admin. */
export class LastAdminError extends DirectoryError {
  readonly code = 'last_admin';
  /** The tenants that would be left without an admin, as far as the viewer reaches them. */
  readonly tenantIds: readonly string[];

  constructor(tenantIds: readonly string[]) {
    super('The last admin of a tenant can be neither deleted, demoted nor deactivated.');
    this.tenantIds = tenantIds;
  }
}

/** Thrown when a built-in role is to be changed or deleted. Built-in roles are the same in every deployment. */
export class BuiltInRoleError extends DirectoryError {
  readonly code = 'built_in_role';

  constructor(name: string) {
    super(`The role "${name}" is built in: it can be neither changed nor deleted.`);
  }
}

/** Whom a role belongs to. Each user is counted once: as deleted, else as live, else as one in deleted tenants. */
export interface RoleUse {
  /** Live users who have it by themselves or in a live tenant. */
  liveUserCount: number;
  /** Deleted users, or users of deleted customers, who have it anywhere. */
  deletedUserCount: number;
  /** Live users who have it in deleted tenants only. */
  deletedTenantUserCount: number;
  /** How many deleted tenants there are where anybody has it. */
  deletedTenantCount: number;
  /** The first of these tenants by name, as far as the viewer may see them. */
  deletedTenants: readonly { id: string; name: string }[];
  /** Trusted issuers that may give it. */
  issuerCount: number;
}

/** Returns a number of things: `1 user`, `2 users`. */
const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** Thrown when a role to be deleted belongs to a user, who may be hidden, or when a trusted issuer may give it. */
export class RoleInUseError extends DirectoryError {
  readonly code = 'role_in_use';
  readonly use: RoleUse;
  /** All users who have it, hidden ones included. */
  readonly userCount: number;

  constructor(use: RoleUse) {
    const { liveUserCount, deletedUserCount, deletedTenantUserCount, issuerCount } = use;
    const holders = [
      counted(liveUserCount, 'live user'),
      counted(deletedUserCount, 'deleted user'),
      `${counted(deletedTenantUserCount, 'user')} in deleted tenants only`,
    ];
    super(`The role belongs to ${holders.join(', ')}, and ${counted(issuerCount, 'trusted issuer')} may give it.`);
    this.use = use;
    this.userCount = liveUserCount + deletedUserCount + deletedTenantUserCount;
  }
}

/** Thrown when there are already as many roles of a scope as there may be. */
export class TooManyRolesError extends DirectoryError {
  readonly code = 'too_many_roles';

  constructor(max: number) {
    super(`There are ${max} roles of this scope already: no more can be created.`);
  }
}

/** Thrown when a tenant already has as many data sources of a kind as it may have. */
export class TooManyDataSourcesError extends DirectoryError {
  readonly code = 'too_many_data_sources';

  constructor(max: number, word: string) {
    super(`The tenant has ${max} ${word}s already: no more can be registered.`);
  }
}

/** Thrown when an API key already has as many secrets that are good as it may have. */
export class TooManySecretsError extends DirectoryError {
  readonly code = 'too_many_secrets';

  constructor(max: number) {
    super(`The key has ${max} secrets that are good already: end one of the older ones first.`);
  }
}

/** Thrown when there are already as many webhooks as there may be. */
export class TooManyWebhooksError extends DirectoryError {
  readonly code = 'too_many_webhooks';

  constructor(max: number) {
    super(`There are ${max} webhooks already: no more can be created.`);
  }
}

/** Thrown when the product already has as many permissions of its own as it may have. */
export class TooManyPermissionsError extends DirectoryError {
  readonly code = 'too_many_permissions';

  constructor(max: number) {
    super(`There are ${max} permissions of the product already: no more can be created.`);
  }
}

/** A role or an API key that has a permission. */
export interface PermissionHolder {
  id: string;
  name: string;
}

/** Who has a permission: how many roles and API keys that are good, and the first of them by name, as far as the viewer may read them. */
export interface PermissionUse {
  roleCount: number;
  roles: readonly PermissionHolder[];
  apiKeyCount: number;
  apiKeys: readonly PermissionHolder[];
}

/** Thrown when a permission to be deleted belongs to a role other than `owner`, or to an API key that is good. */
export class PermissionInUseError extends DirectoryError {
  readonly code = 'permission_in_use';
  readonly use: PermissionUse;

  constructor(use: PermissionUse) {
    const holders = `${counted(use.roleCount, 'role')} and ${counted(use.apiKeyCount, 'API key')}`;
    super(`The permission belongs to ${holders}: take it from these first.`);
    this.use = use;
  }
}

/** The classes of errors that a command may declare. */
export type ErrorClass =
  | typeof ValidationError
  | typeof NotFoundError
  | typeof AlreadyExistsError
  | typeof ForbiddenError
  | typeof VersionConflictError
  | typeof LastOwnerError
  | typeof LastAdminError
  | typeof BuiltInRoleError
  | typeof RoleInUseError
  | typeof TooManyRolesError
  | typeof TooManyDataSourcesError
  | typeof TooManySecretsError
  | typeof TooManyWebhooksError
  | typeof TooManyPermissionsError
  | typeof PermissionInUseError;
