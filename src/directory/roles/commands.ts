import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { roles } from '../../db/schema/roles.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, update } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { recordedSubjects } from '../commands/event-recording.ts';
import { changes, uniqueValuesOf, writtenOf } from '../commands/unique-values.ts';
import { planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { ADMITTING_PERMISSIONS, outlastsError } from '../guards/expiry-guard.ts';
import { arePermissions, mayGive, permissionsNamed } from '../guards/given-permissions.ts';
import { holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import {
  AlreadyExistsError,
  BuiltInRoleError,
  ForbiddenError,
  NotFoundError,
  TooManyRolesError,
  ValidationError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  choice,
  isNamedOnce,
  longText,
  namedBy,
  newRecord,
  roleIdentifier,
  text,
} from '../kernel/input.ts';
import { KEY_VERSION, keyOfName } from '../kernel/keys.ts';
import { lazily } from '../kernel/lazily.ts';
import { permissionName } from '../kernel/permission-input.ts';
import { distinctNames, type PermissionName } from '../kernel/permission-names.ts';
import { ROLE_SCOPES } from '../kernel/role-scopes.ts';
import { permissionsOf, ROLE } from './entity.ts';
import { MAX_ROLES, type RoleRecord, roleTarget } from './queries.ts';

/** The role that a command was about. */
export interface RoleResult {
  /** Null where a repetition cannot show it any more. */
  role: RoleRecord | null;
}

const asResult = (role: RoleRecord | null): RoleResult => ({ role });

/** The highest level of a role; the lowest is 0. */
export const MAX_LEVEL = 100;

const level = lazily(() =>
  z
    .int({ error: 'must be a whole number' })
    .min(0, 'must be at least 0')
    .max(MAX_LEVEL, `must be at most ${MAX_LEVEL}`),
);
const permissionList = lazily(() => z.array(permissionName(), { error: 'must be a list of permissions' }));

/** The fields of an input that names the role which it is about: by its name, among those of a scope. */
export const roleNaming = lazily(() => ({ ...namedBy(roleIdentifier()), scope: choice(ROLE_SCOPES).nullish() }));

/** A refinement of an input with the fields of `roleNaming`: it names a role once, and a scope beside a name. */
export function isRoleNamed(
  input: { id?: unknown; identifier?: { name?: unknown } | null | undefined; scope?: unknown },
  context: z.RefinementCtx,
): void {
  isNamedOnce(input, context);
  if (input.identifier?.name == null || input.scope != null) return;
  context.addIssue({ code: 'custom', path: ['scope'], message: 'is required beside a name', input: undefined });
}

const isNotBuiltIn = (target: SQL): Check<unknown> => ({
  problem: sql`(SELECT role.name FROM role WHERE ${target} AND role.built_in)`,
  error: (name) => new BuiltInRoleError(name),
});

/**
 * Checks, for a viewer who ends, that a role of the organization gets no permission by which whoever has it could let in
 * others. What the role allows already, it keeps.
 * @throws ForbiddenError
 */
function givesNoAdmission(
  viewer: Viewer,
  scope: SQL,
  permissions: readonly PermissionName[],
  roleId: SQL,
): Check<unknown>[] {
  const given = ADMITTING_PERMISSIONS.filter((permission) => permissions.includes(permission));
  if (viewer.expiresAt === null || given.length === 0) return [];
  return [
    {
      problem: sql`(SELECT 'lasting' FROM json_each(${jsonList(given)}) given WHERE ${scope} = 'ORGANIZATION'
        AND given.value NOT IN (${permissionsOfRole(roleId)}) LIMIT 1)`,
      error: outlastsError,
    },
  ];
}

const writePermissions = (roleId: SQL, permissions: readonly PermissionName[], condition: SQL): SQL =>
  sql`INSERT INTO role_permission (role_id, permission)
    SELECT ${roleId}, value FROM json_each(${jsonList(distinctNames(permissions))}) WHERE ${condition}`;

/** Creates a role of a scope, with permissions that its creator holds. */
export const createRole = command({
  name: 'createRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: () =>
    newRecord({
      scope: choice(ROLE_SCOPES),
      name: text(),
      description: longText().optional(),
      level: level().optional(),
      permissions: permissionList(),
    }),
  errors: [ValidationError, AlreadyExistsError, TooManyRolesError, ForbiddenError],
  plan(context, { scope, name, description, level, permissions }): Plan<RoleResult, RoleRecord> {
    const { viewer } = context;
    const given = mayGive(viewer, permissions);
    const roleId = newId();
    const values = {
      id: roleId,
      scope,
      name,
      nameKey: keyOfName(name),
      keyVersion: KEY_VERSION,
      description,
      level: level ?? 0,
      builtIn: false,
    };
    return planInsert(context, ROLE, {
      type: 'role.created',
      checks: [
        ...given,
        {
          problem: sql`(SELECT count(*) FROM role WHERE role.scope = ${scope} HAVING count(*) >= ${MAX_ROLES})`,
          error: () => new TooManyRolesError(MAX_ROLES),
        },
        ...givesNoAdmission(viewer, sql`${scope}`, permissions, sql`NULL`),
      ],
      values,
      writes: (created) => [writePermissions(sql`${roleId}`, permissions, created)],
      unique: uniqueValuesOf(ROLE, viewer, writtenOf(values), sql`FALSE`),
      result: asResult,
    });
  },
});

/** Changes a role that is not built in, for all who have it. The viewer holds what it grants, before and after. */
export const updateRole = command({
  name: 'updateRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: () =>
    z
      .object({
        ...roleNaming(),
        name: text().optional(),
        description: longText().nullish(),
        level: level().optional(),
        permissions: permissionList().optional(),
      })
      .superRefine(isRoleNamed, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, BuiltInRoleError, ForbiddenError],
  plan(context, { id: givenId, identifier, scope, permissions, ...patch }): Plan<RoleResult, RoleRecord> {
    const { viewer } = context;
    const { id, path } = roleTarget({ id: givenId, identifier, scope });
    const target = sql`role.id = ${id}`;
    const updated = recordedSubjects(context, 'role.updated');
    const values = { ...patch, nameKey: patch.name === undefined ? undefined : keyOfName(patch.name) };
    const hasOtherPermissions =
      permissions === undefined
        ? sql`FALSE`
        : sql`${permissionsOf(sql`role.id`)} <> ${JSON.stringify(distinctNames(permissions))}`;
    return planUpdate(context, ROLE, {
      type: 'role.updated',
      target,
      named: { path, word: ROLE.word },
      valid: arePermissions(permissions ?? []),
      checks: [
        ...mayChange(context, target, id, permissionsNamed(permissions ?? [])),
        ...givesNoAdmission(viewer, sql`(SELECT role.scope FROM role WHERE ${target})`, permissions ?? [], id),
      ],
      changes: sql`${changes(roles, values)} OR ${hasOtherPermissions}`,
      before: ROLE.snapshot,
      // By its new name, the role is not the one that was named any more.
      writes: () => [
        ...(Object.values(values).some((value) => value !== undefined)
          ? [update(roles, values, sql`role.id IN ${updated}`)]
          : []),
        ...(permissions === undefined
          ? []
          : [
              sql`DELETE FROM role_permission WHERE role_permission.role_id IN ${updated}`,
              sql`INSERT INTO role_permission (role_id, permission)
                SELECT role.id, given.value FROM json_each(${jsonList(permissions)}) given CROSS JOIN role
                WHERE role.id IN ${updated}`,
            ]),
      ],
      unique: uniqueValuesOf(ROLE, viewer, writtenOf(values), target),
      result: asResult,
    });
  },
});

/**
 * Checks that a role is changed or deleted by those who hold what it grants, and that it is not built in. `given` is a SELECT
 * of what those who have it get by the change.
 * @throws BuiltInRoleError
 * @throws ForbiddenError
 */
export const mayChange = ({ viewer }: CommandContext, target: SQL, id: SQL, given: SQL): Check<unknown>[] => [
  isNotBuiltIn(target),
  holdsPermissions(viewer, sql`${permissionsOfRole(id)} UNION ${given}`),
];
