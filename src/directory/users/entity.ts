import { sql } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { userInReach } from '../access/reach.ts';
import type { Entity } from '../commands/entity.ts';
import { USER_IS_LIVE } from '../commands/identifiers.ts';
import { type UserRecord, userRows } from './queries.ts';

/** Users, as commands change them. */
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
  named: (record) => ({ entity: 'User', record }),
  unique: [
    { columns: ['emailKey'], path: 'email' },
    { columns: ['externalIdKey'], path: 'externalId' },
  ],
};

export interface UserResult {
  user: UserRecord;
}

/** What a command answers that may have handed out a link to the user, to join by. */
export interface InvitedResult extends UserResult {
  /** The token of the link that was handed out; null if none was. */
  linkToken: string | null;
}
