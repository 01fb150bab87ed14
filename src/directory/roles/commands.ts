import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { roles } from '../../db/schema/roles.ts';
import { differs, insertWhen, jsonList, mapRows, update } from '../../db/statement.ts';
import { requirePermissions, type Viewer } from '../access/viewer.ts';
import { type Check, type CommandContext, command, type Plan, type UniqueValue } from '../commands/command.ts';
import { recordAfter, recordEvent, recordedSubjects, wasRecorded } from '../commands/event-recording.ts';
import { holdsPermissions, permissionsOfRole } from '../commands/grant-guard.ts';
import { allExist, missingUnless } from '../commands/references.ts';
import {
  AlreadyExistsError,
  BuiltInRoleError,
  ForbiddenError,
  NotFoundError,
  RoleInUseError,
  TooManyRolesError,
  ValidationError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { choice, comparable, id, longText, newRecord, text } from '../kernel/input.ts';
import { PERMISSIONS, type Permission } from '../kernel/permission-names.ts';
import { ROLE_SCOPES, type RoleRecord, roleRows } from './queries.ts';

export interface RoleResult {
  role: RoleRecord;
}

const asResult = (role: RoleRecord): RoleResult => ({ role });

const permissionsOf = (roleId: SQL): SQL => sql`(SELECT json_group_array(permission) FROM (
  SELECT permission FROM role_permission WHERE role_permission.role_id = ${roleId} ORDER BY permission))`;

/** What the API shows of a role, as events keep it. */
const SNAPSHOT = sql`json_object('scope', role.scope, 'name', role.name, 'description', role.description,
  'level', role.level, 'permissions', json(${permissionsOf(sql`role.id`)}))`;
const SNAPSHOT_OF_SUBJECT = sql`(SELECT ${SNAPSHOT} FROM role WHERE role.id = event.subject_id)`;
const SUBJECT = { subjectType: 'Role', subjectId: sql`role.id` } as const;

const level = z.int({ error: 'must be a whole number' }).min(0, 'must be at least 0').max(100, 'must be at most 100');
const permissionList = z
  .array(choice(PERMISSIONS), { error: 'must be a list of permissions' })
  .transform((list) => [...new Set(list)].sort());

/** There is no use for more, and every list of roles has them all. */
export const MAX_ROLES = 100;

const isNotBuiltIn = (target: SQL): Check<unknown> => ({
  problem: sql`(SELECT role.name FROM role WHERE ${target} AND role.built_in)`,
  error: (name) => new BuiltInRoleError(name),
});

function nameIsFree({ permissions }: Viewer, name: string | undefined, scope: SQL): UniqueValue[] {
  if (name === undefined) return [];
  const holder = roleRows(sql`WHERE role.scope = ${scope} AND role.name_key = ${comparable(name)}`);
  return [
    {
      // The columns of the index, the first of which SQLite names first.
      column: 'role.scope',
      path: 'name',
      holder: permissions.has('role:read') ? mapRows(holder, (record) => ({ entity: 'Role' as const, record })) : null,
    },
  ];
}

const writePermissions = (roleId: SQL, permissions: readonly Permission[], condition: SQL): SQL =>
  sql`INSERT INTO role_permission (role_id, permission)
    SELECT ${roleId}, value FROM json_each(${jsonList(permissions)}) WHERE ${condition}`;

export const createRole = command({
  name: 'createRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: newRecord({
    scope: choice(ROLE_SCOPES),
    name: text,
    description: longText.optional(),
    level: level.optional(),
    permissions: permissionList,
  }),
  errors: [ValidationError, AlreadyExistsError, TooManyRolesError, ForbiddenError],
  plan(context, { scope, name, description, level, permissions }): Plan<RoleResult, RoleRecord> {
    const { viewer } = context;
    requirePermissions(viewer, permissions);
    const roleId = newId();
    const created = wasRecorded(context, 'role.created');
    const values = {
      id: roleId,
      scope,
      name,
      nameKey: comparable(name),
      description,
      level: level ?? 0,
      builtIn: false,
    };
    return {
      checks: [
        {
          problem: sql`(SELECT count(*) FROM role WHERE role.scope = ${scope} HAVING count(*) >= ${MAX_ROLES})`,
          error: () => new TooManyRolesError(MAX_ROLES),
        },
      ],
      writes: (allowed) => [
        recordEvent(context, { ...SUBJECT, type: 'role.created', subjectId: sql`${roleId}` }, sql`WHERE ${allowed}`),
        insertWhen(roles, values, created),
        writePermissions(sql`${roleId}`, permissions, created),
        recordAfter(context, 'role.created', SNAPSHOT_OF_SUBJECT),
      ],
      unique: nameIsFree(viewer, name, sql`${scope}`),
      answer: roleRows(sql`WHERE role.id = ${roleId}`),
      result: asResult,
    };
  },
});

export const updateRole = command({
  name: 'updateRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: z.object({
    id,
    name: text.optional(),
    description: longText.nullish(),
    level: level.optional(),
    permissions: permissionList.optional(),
  }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, BuiltInRoleError, ForbiddenError],
  plan(context, { id, permissions, ...patch }): Plan<RoleResult, RoleRecord> {
    const { viewer } = context;
    requirePermissions(viewer, permissions ?? []);
    const target = sql`role.id = ${id}`;
    const values = { ...patch, nameKey: patch.name === undefined ? undefined : comparable(patch.name) };
    const otherPermissions =
      permissions === undefined ? sql`FALSE` : sql`${permissionsOf(sql`role.id`)} <> ${JSON.stringify(permissions)}`;
    const changed = sql`${differs(roles, values)} OR ${otherPermissions}`;
    const updated = wasRecorded(context, 'role.updated');
    return {
      checks: mayChange(context, target, id),
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type: 'role.updated', before: SNAPSHOT },
          sql`FROM role WHERE ${target} AND (${changed}) AND ${allowed}`,
        ),
        ...(Object.values(values).some((value) => value !== undefined)
          ? [update(roles, values, sql`${target} AND ${updated}`)]
          : []),
        ...(permissions === undefined
          ? []
          : [
              sql`DELETE FROM role_permission WHERE role_permission.role_id = ${id} AND ${updated}`,
              writePermissions(sql`${id}`, permissions, updated),
            ]),
        recordAfter(context, 'role.updated', SNAPSHOT_OF_SUBJECT),
      ],
      unique: nameIsFree(viewer, patch.name, sql`(SELECT role.scope FROM role WHERE ${target})`),
      answer: roleRows(sql`WHERE ${target}`),
      result: asResult,
    };
  },
});

/** The role is there, it is not built in, and the viewer holds what it grants. */
const mayChange = ({ viewer }: CommandContext, target: SQL, id: string): Check<unknown>[] => [
  allExist([missingUnless(sql`EXISTS (SELECT 1 FROM role WHERE ${target})`, 'id', 'role')]),
  isNotBuiltIn(target),
  holdsPermissions(viewer, permissionsOfRole(sql`${id}`)),
];

export const deleteRole = command({
  name: 'deleteRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: z.object({ id }),
  errors: [ValidationError, NotFoundError, BuiltInRoleError, RoleInUseError, ForbiddenError],
  plan(context, { id }): Plan<RoleResult, RoleRecord> {
    const target = sql`role.id = ${id}`;
    return {
      checks: [
        ...mayChange(context, target, id),
        {
          problem: sql`(SELECT json_object('users', users, 'issuers', issuers) FROM (SELECT
            (SELECT count(*) FROM (SELECT user.id FROM user WHERE user.role_id = ${id}
              UNION SELECT assignment.user_id FROM assignment WHERE assignment.role_id = ${id})) AS users,
            (SELECT count(*) FROM trusted_issuer_role WHERE trusted_issuer_role.role_id = ${id}) AS issuers)
            WHERE users + issuers > 0)`,
          error: (counts) => {
            const { users, issuers }: Record<'users' | 'issuers', number> = JSON.parse(counts);
            return new RoleInUseError(users, issuers);
          },
        },
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type: 'role.deleted', before: SNAPSHOT },
          sql`FROM role WHERE ${target} AND ${allowed}`,
        ),
        sql`DELETE FROM role WHERE role.id IN ${recordedSubjects(context, 'role.deleted')}`,
      ],
      answer: roleRows(sql`WHERE ${target}`),
      answersBeforeWriting: true,
      result: asResult,
    };
  },
});
