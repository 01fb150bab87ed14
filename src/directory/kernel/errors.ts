import type { Permission } from './permission-names.ts';

/** The kinds of records that an error can name, as global ids have them. */
export type NamedEntity = 'Tenant' | 'Customer' | 'User' | 'Role' | 'ApiKey' | 'TrustedIssuer' | 'Pixel' | 'Pipeline';

/** A record that an error names, together with what kind of record it is. */
export interface NamedRecord {
  entity: NamedEntity;
  /** The record as its queries read it. Errors know of it only that it has an id. */
  record: { id: string };
}

/** Every code of an error that a command can answer. The README lists the same. */
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
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An outcome that is not a bug: part of the API, shown to the caller as it is. Everything else is masked. */
export abstract class DirectoryError extends Error {
  /** Stable, snake_case. Clients decide by it; the message is for people. */
  abstract readonly code: ErrorCode;
}

export interface Issue {
  /** Where in the input, such as `billing.taxExempt` or `tenantIdentifiers.1.externalId`. */
  path: string;
  message: string;
  kind: 'INVALID' | 'REQUIRED';
}

export class ValidationError extends DirectoryError {
  readonly code = 'validation_failed';
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(`The input is not valid: ${issues.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}.`);
    this.issues = issues;
  }

  static at(path: string, message: string, kind: Issue['kind'] = 'INVALID'): ValidationError {
    return new ValidationError([{ path, message, kind }]);
  }
}

export interface Reference {
  path: string;
  /** What it should have named, in lower case: `tenant`. */
  entity: string;
  message: string;
}

/** What the input refers to does not exist, or lies outside the viewer's reach: the two are not told apart. */
export class NotFoundError extends DirectoryError {
  readonly code = 'not_found';
  readonly references: readonly Reference[];

  constructor(references: readonly Reference[]) {
    super(references.map(({ message }) => message).join(' '));
    this.references = references;
  }
}

export class AlreadyExistsError extends DirectoryError {
  readonly code = 'already_exists';
  readonly path: string;
  /** Null unless the viewer may read the record that holds the value. */
  readonly existing: NamedRecord | null;

  constructor(path: string, existing: NamedRecord | null) {
    super(`The value given at ${path} belongs to another record.`);
    this.path = path;
    this.existing = existing;
  }
}

export class ForbiddenError extends DirectoryError {
  readonly code: ErrorCode & ('insufficient_permissions' | 'read_only_key' | 'out_of_reach' | 'not_signed_in');
  readonly missingPermissions: readonly Permission[];

  constructor(code: ForbiddenError['code'], message: string, missing: readonly Permission[] = []) {
    super(message);
    this.code = code;
    this.missingPermissions = missing;
  }

  static missing(permissions: readonly Permission[]): ForbiddenError {
    const list = permissions.map((permission) => `"${permission}"`).join(', ');
    return new ForbiddenError('insufficient_permissions', `Insufficient permissions, missing ${list}.`, permissions);
  }

  static readOnlyKey(): ForbiddenError {
    return new ForbiddenError('read_only_key', 'This API key may only read.');
  }

  static notSignedIn(): ForbiddenError {
    return new ForbiddenError('not_signed_in', 'Only for users who signed in. This credential is a key.');
  }

  static outOfReach(message: string): ForbiddenError {
    return new ForbiddenError('out_of_reach', message);
  }
}

/** The record has another version than the one expected: somebody else changed it first. */
export class VersionConflictError extends DirectoryError {
  readonly code = 'version_conflict';
  /** Null unless the viewer may read such records. */
  readonly current: NamedRecord | null;

  constructor(version: number | null, current: NamedRecord | null) {
    super(
      version === null ? 'Somebody else changed it in the meantime.' : `The record is at version ${version} by now.`,
    );
    this.current = current;
  }
}

/** Nothing is wrong with the row, but with others of the same import, which is done as a whole or not at all. */
export class ImportRejectedError extends DirectoryError {
  readonly code = 'import_rejected';

  constructor() {
    super('Nothing was imported, because other rows failed.');
  }
}

/** The organization would be left without an owner. */
export class LastOwnerError extends DirectoryError {
  readonly code = 'last_owner';

  constructor() {
    super('The last owner of the organization can be neither deleted, demoted nor deactivated.');
  }
}

/** A tenant would be left without an admin. */
export class LastAdminError extends DirectoryError {
  readonly code = 'last_admin';
  /** Those in the viewer's reach. */
  readonly tenantIds: readonly string[];

  constructor(tenantIds: readonly string[]) {
    super('The last admin of a tenant can be neither deleted, demoted nor deactivated.');
    this.tenantIds = tenantIds;
  }
}

/** Built-in roles are the same everywhere. */
export class BuiltInRoleError extends DirectoryError {
  readonly code = 'built_in_role';

  constructor(name: string) {
    super(`The role "${name}" is built in: it can be neither changed nor deleted.`);
  }
}

/** Somebody has the role, though perhaps hidden, or a trusted issuer may give it. */
export class RoleInUseError extends DirectoryError {
  readonly code = 'role_in_use';
  readonly userCount: number;
  readonly issuerCount: number;

  constructor(userCount: number, issuerCount: number) {
    const [users, issuers] = [userCount === 1 ? 'user' : 'users', issuerCount === 1 ? 'issuer' : 'issuers'];
    super(`The role belongs to ${userCount} ${users}, and ${issuerCount} trusted ${issuers} may give it.`);
    this.userCount = userCount;
    this.issuerCount = issuerCount;
  }
}

export class TooManyRolesError extends DirectoryError {
  readonly code = 'too_many_roles';

  constructor(max: number) {
    super(`There are ${max} roles of this scope already: no more can be created.`);
  }
}

export class TooManyDataSourcesError extends DirectoryError {
  readonly code = 'too_many_data_sources';

  constructor(max: number, word: string) {
    super(`The tenant has ${max} ${word}s already: no more can be registered.`);
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
  | typeof TooManyDataSourcesError;
