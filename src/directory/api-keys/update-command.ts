import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { differs, jsonList, update } from '../../db/statement.ts';
import { command, type Plan } from '../commands/command.ts';
import { planUpdate } from '../commands/unversioned-entity.ts';
import { arePermissions } from '../guards/given-permissions.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { id, instant, text } from '../kernel/input.ts';
import { distinctNames } from '../kernel/permission-names.ts';
import { type ApiKeyResult, permissionsOfKey } from './commands.ts';
import { ACTIVE_API_KEY, API_KEY, isActive } from './entity.ts';
import { endsInTime, holdsPermissionsOf, holdsTierOf, liesAhead, requireEndInTime } from './guards.ts';
import type { ApiKeyRecord } from './queries.ts';

/** Whether the key with this id has other permissions than these, which are distinct and sorted. */
const hasOthers = (apiKeyId: string, permissions: readonly string[]): SQL =>
  sql`(SELECT json_group_array(permission) FROM (SELECT permission FROM api_key_permission
    WHERE api_key_id = ${apiKeyId} ORDER BY permission)) <> ${JSON.stringify(permissions)}`;

/**
 * Changes the name, the permissions and the end of an API key that is good, from the next request on, and leaves it its
 * secrets. The viewer holds all that it held and all that it gets, its tier, and does not end before it, neither before nor
 * afterwards. Secrets before the newest one end with the key, if that is sooner than was said of them.
 */
export const updateApiKey = command({
  name: 'updateApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z.object({
      id: id(),
      name: text().optional(),
      permissions: permissionsOfKey().optional(),
      expiresAt: instant().nullish(),
    }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, name, permissions, expiresAt }): Plan<ApiKeyResult, ApiKeyRecord> {
    const { viewer, at } = context;
    if (expiresAt !== undefined) requireEndInTime(viewer, expiresAt);
    const given = permissions && distinctNames(permissions);
    const values = { name, expiresAt };
    return planUpdate(context, ACTIVE_API_KEY, {
      type: 'apiKey.updated',
      target: isActive(context, id),
      before: API_KEY.snapshot,
      valid: [...arePermissions(permissions ?? []), ...(expiresAt ? [liesAhead(context, expiresAt)] : [])],
      checks: [holdsPermissionsOf(viewer, id, given), ...endsInTime(viewer, id), holdsTierOf(viewer, id)],
      changes: sql`(${differs(apiKeys, values)} OR ${given ? hasOthers(id, given) : sql`FALSE`})`,
      writes: (updated) => [
        update(apiKeys, { ...values, updatedAt: at }, sql`api_key.id = ${id} AND ${updated}`),
        ...(given
          ? [
              sql`DELETE FROM api_key_permission WHERE api_key_id = ${id} AND ${updated}`,
              sql`INSERT INTO api_key_permission (api_key_id, permission)
                SELECT ${id}, value FROM json_each(${jsonList(given)}) WHERE ${updated}`,
            ]
          : []),
        ...(expiresAt
          ? [
              sql`UPDATE api_key_secret SET expires_at = ${expiresAt.getTime()}
                WHERE api_key_id = ${id} AND expires_at > ${expiresAt.getTime()} AND ${updated}`,
            ]
          : []),
      ],
      result: (apiKey) => ({ apiKey }),
    });
  },
});
