import type { ApiKeyRecord } from './api-keys.ts';
import type { CustomerRecord } from './customers.ts';
import type { Permission } from './permission-names.ts';
import type { TenantRecord } from './tenants.ts';

/** A record together with the concept it belongs to. */
export type NamedRecord =
  | { concept: 'Tenant'; record: TenantRecord }
  | { concept: 'Customer'; record: CustomerRecord }
  | { concept: 'ApiKey'; record: ApiKeyRecord };

/** Every code of an error that a command can answer. The README lists the same. */
export const ERROR_CODES = [
  'validation_failed',
  'not_found',
  'already_exists',
  'insufficient_permissions',
  'read_only_key',
  'out_of_reach',
  'version_conflict',
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
    super(`The input is not valid: ${issues.map(({ path, message }) => `${path} ${message}`).join('; ')}.`);
    this.issues = issues;
  }

  static at(path: string, message: string, kind: Issue['kind'] = 'INVALID'): ValidationError {
    return new ValidationError([{ path, message, kind }]);
  }
}

export interface Reference {
  path: string;
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
  readonly code: ErrorCode & ('insufficient_permissions' | 'read_only_key' | 'out_of_reach');
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

  static outOfReach(message: string): ForbiddenError {
    return new ForbiddenError('out_of_reach', message);
  }
}

/** The record has another version than the one expected: somebody else changed it first. */
export class VersionConflictError extends DirectoryError {
  readonly code = 'version_conflict';
  /** Null unless the viewer may read such records. */
  readonly current: NamedRecord | null;

  constructor(version: number, current: NamedRecord | null) {
    super(`The record is at version ${version} by now.`);
    this.current = current;
  }
}

/** The classes of errors that a command may declare. */
export type ErrorClass =
  | typeof ValidationError
  | typeof NotFoundError
  | typeof AlreadyExistsError
  | typeof ForbiddenError
  | typeof VersionConflictError;
