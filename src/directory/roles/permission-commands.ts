import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { permissions } from '../../db/schema/permissions.ts';
import { selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { differs, update } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { planDelete, planInsert, planUpdate, type UnversionedEntity } from '../commands/unversioned-entity.ts';
import { OWNER_ROLE_ID } from '../kernel/built-in-roles.ts';
import {
  ForbiddenError,
  NotFoundError,
  PermissionInUseError,
  type PermissionUse,
  TooManyPermissionsError,
  ValidationError,
} from '../kernel/errors.ts';
import { longText } from '../kernel/input.ts';
import { productPermission } from '../kernel/permission-input.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { PERMISSION_RECORDS, type PermissionRecord } from './permissions.ts';

/** So many permissions of the product there may be. */
export const MAX_PRODUCT_PERMISSIONS = 200;

/** The permission that a command was about. */
export interface PermissionResult {
  /** Null where a repetition cannot show it any more. */
  permission: PermissionRecord | null;
}

const asResult = (permission: PermissionRecord | null): PermissionResult => ({ permission });

/** Permissions, as commands change them: those of the product, because the names of built-in ones are refused. */
const PERMISSION: UnversionedEntity<typeof permissions, PermissionRecord> = {
  name: 'Permission',
  word: 'permission',
  table: permissions,
  snapshot: sql`json_object('name', permission.name, 'description', permission.description)`,
  rows: (rest) => selectingRecords(PERMISSION_RECORDS, rest),
  inReach: ({ reach }) => (reach.kind === 'ORGANIZATION' ? sql`TRUE` : sql`FALSE`),
};

const NAMED = { path: 'name', word: PERMISSION.word };

const ofProduct = (name: string): SQL => sql`permission.name = ${name} AND NOT permission.built_in`;

/** Two names that differ in case alone would be taken for each other. */
const isFree = (name: string): Check<unknown> => ({
  problem: sql`(SELECT permission.name FROM permission WHERE lower(permission.name) = ${name.toLowerCase()})`,
  error: (taken) =>
    ValidationError.at(
      'name',
      taken === name ? 'is the name of a permission already' : `differs from \`${taken}\` in case alone`,
    ),
});

const hasRoom: Check<unknown> = {
  problem: sql`(SELECT count(*) FROM permission WHERE NOT permission.built_in
    HAVING count(*) >= ${sql.raw(String(MAX_PRODUCT_PERMISSIONS))})`,
  error: () => new TooManyPermissionsError(MAX_PRODUCT_PERMISSIONS),
};

/**
 * Creates a permission of the product. The built-in role `owner` has it from then on, as root does, so that somebody can give
 * it to others; its creator does not, unless they are one of these.
 */
export const createPermission = command({
  name: 'createPermission',
  permissions: ['permission:edit'],
  reaches: ['ORGANIZATION'],
  input: () => z.object({ name: productPermission(), description: longText() }),
  errors: [ValidationError, TooManyPermissionsError, ForbiddenError],
  plan(context, { name, description }): Plan<PermissionResult, PermissionRecord> {
    return planInsert(context, PERMISSION, {
      type: 'permission.created',
      checks: [isFree(name), hasRoom],
      values: { id: name, description, builtIn: false },
      writes: (created) => [
        sql`INSERT INTO role_permission (role_id, permission) SELECT ${OWNER_ROLE_ID}, ${name} WHERE ${created}`,
      ],
      result: asResult,
    });
  },
});

/** Changes what is said of a permission of the product. Its name stays, because programs go by it. */
export const updatePermission = command({
  name: 'updatePermission',
  permissions: ['permission:edit'],
  reaches: ['ORGANIZATION'],
  input: () => z.object({ name: productPermission(), description: longText() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { name, description }): Plan<PermissionResult, PermissionRecord> {
    const target = ofProduct(name);
    return planUpdate(context, PERMISSION, {
      type: 'permission.updated',
      target,
      named: NAMED,
      checks: [],
      changes: differs(permissions, { description }),
      before: PERMISSION.snapshot,
      writes: (updated) => [update(permissions, { description }, sql`${target} AND ${updated}`)],
      result: asResult,
    });
  },
});

/** So many of those who have a permission are named where it is in use. */
const MAX_NAMED_HOLDERS = 100;

/** Checks that no role has the permission but `owner`, and no API key that can still be used. */
function isUnused({ permissions: held }: Viewer, name: string, at: Date): Check<unknown> {
  const roles = sql`FROM role WHERE role.id <> ${OWNER_ROLE_ID}
    AND role.id IN (SELECT role_id FROM role_permission WHERE role_permission.permission = ${name})`;
  const keys = sql`FROM api_key WHERE api_key.revoked_at IS NULL
    AND (api_key.expires_at IS NULL OR api_key.expires_at > ${at.getTime()})
    AND api_key.id IN (SELECT api_key_id FROM api_key_permission WHERE api_key_permission.permission = ${name})`;
  const named = (rows: SQL, needed: Permission) =>
    sql`(SELECT json_group_array(json_object('id', id, 'name', name)) FROM (
      SELECT id, name ${rows} AND ${held.has(needed) ? sql`TRUE` : sql`FALSE`}
      ORDER BY name, id LIMIT ${sql.raw(String(MAX_NAMED_HOLDERS))}))`;
  return {
    problem: sql`(SELECT json_object('roleCount', role_count, 'roles', ${named(roles, 'role:read')},
        'apiKeyCount', key_count, 'apiKeys', ${named(keys, 'apiKey:read')})
      FROM (SELECT (SELECT count(*) ${roles}) AS role_count, (SELECT count(*) ${keys}) AS key_count)
      WHERE role_count + key_count > 0)`,
    error: (detail) => {
      const use: PermissionUse = JSON.parse(detail);
      return new PermissionInUseError(use);
    },
  };
}

/**
 * Removes a permission of the product that nobody uses. It goes from the role `owner`, and from API keys that are revoked or
 * have expired: whatever gets this name later is not theirs. Whoever may do so need not hold it, because nobody but root and
 * owners loses anything.
 */
export const deletePermission = command({
  name: 'deletePermission',
  permissions: ['permission:edit'],
  reaches: ['ORGANIZATION'],
  input: () => z.object({ name: productPermission() }),
  errors: [ValidationError, NotFoundError, PermissionInUseError, ForbiddenError],
  plan(context, { name }): Plan<PermissionResult, PermissionRecord> {
    return planDelete(context, PERMISSION, {
      type: 'permission.deleted',
      target: ofProduct(name),
      named: NAMED,
      checks: [isUnused(context.viewer, name, context.at)],
      writes: (deleted) => [
        sql`DELETE FROM role_permission WHERE role_permission.permission = ${name} AND ${deleted}`,
        sql`DELETE FROM api_key_permission WHERE api_key_permission.permission = ${name} AND ${deleted}`,
      ],
      result: asResult,
    });
  },
});
