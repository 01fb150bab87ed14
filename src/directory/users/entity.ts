import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { userInReach } from '../access/reach.ts';
import type { Entity } from '../commands/entity.ts';
import { USER_IS_LIVE } from '../commands/identifiers.ts';
import { type UserRecord, userRows } from './queries.ts';

/** What commands need to know of users: their table, snapshot, reach and unique values. */
export const USER: Entity<typeof users, UserRecord> = {
  name: 'User',
  word: 'user',
  table: users,
  readPermission: 'user:read',
  isLive: USER_IS_LIVE,
  snapshot: sql`json_object(
    'email', user.email, 'name', user.name, 'phone', user.phone, 'avatarUrl', user.avatar_url,
    'externalId', user.external_id, 'status', user.status, 'roleId', user.role_id, 'customerId', user.customer_id,
    'defaultTenantId', user.default_tenant_id)`,
  inReach: (reach) => userInReach(reach, users.id),
  rows: userRows,
  named: (record) => ({ entity: 'User', record, ofDeletedCustomer: record.customerDeletedAt != null }),
  // Those who are hidden with their customer hold their values as well.
  holds: sql`user.deleted_at IS NULL`,
  unique: [
    { columns: ['emailKey'], path: 'email' },
    { columns: ['externalIdKey'], path: 'externalId' },
  ],
};

/** The user, as the command left them; null where a repetition cannot show them any more. */
export interface UserResult {
  user: UserRecord | null;
}

/** The user, with a shareable invitation if the caller asked for one and may have it. */
export interface InvitedResult extends UserResult {
  /** The token of the shareable invitation; null if there is none. */
  linkToken: string | null;
}
