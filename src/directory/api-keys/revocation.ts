import type { SQL } from 'drizzle-orm';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { update } from '../../db/statement.ts';
import type { CommandContext } from '../commands/command.ts';
import type { Erasure } from '../commands/erasure.ts';
import { recordAfter, recordEvent, recordedSubjects } from '../commands/event-recording.ts';
import { API_KEY } from './entity.ts';

/** Returns the writes that end a key with all of its secrets, once its end is recorded. `keys` is a condition on `api_key`. */
export const endKeys = (at: Date, keys: SQL): SQL[] => [
  sql`DELETE FROM api_key_secret WHERE api_key_id IN (SELECT api_key.id FROM api_key WHERE ${keys})`,
  update(apiKeys, { revokedAt: at, updatedAt: at }, keys),
];

/** Matches the keys that reach nothing but the tenant with this id: another that is hidden can be restored, and counts. */
export const reachesOnlyTenant = (tenantId: SQL): SQL =>
  sql`api_key.id IN (SELECT reaching.api_key_id FROM api_key_tenant reaching WHERE reaching.tenant_id = ${tenantId})
    AND NOT EXISTS (SELECT 1 FROM api_key_tenant other
      WHERE other.api_key_id = api_key.id AND other.tenant_id <> ${tenantId})`;

/** Matches the keys that reach the customer with this id. */
export const reachesCustomer = (customerId: SQL): SQL => sql`api_key.customer_id = ${customerId}`;

/**
 * Returns what goes along with the erasure of the last place that some keys reach: they are revoked, with an event each.
 * Nobody needs to hold what they hold, because they could do nothing with it any more.
 */
export function revocation(context: CommandContext, keys: SQL): Erasure {
  const type = 'apiKey.revoked';
  const revoked = recordedSubjects(context, type);
  return {
    recorded: (condition) =>
      recordEvent(
        context,
        { type, subjectType: API_KEY.name, subjectId: sql`api_key.id`, before: API_KEY.snapshot },
        sql`FROM api_key WHERE ${keys} AND api_key.revoked_at IS NULL AND ${condition}`,
      ),
    removals: [
      ...endKeys(context.at, sql`api_key.id IN ${revoked}`),
      sql`DELETE FROM api_key_tenant WHERE api_key_id IN ${revoked}`,
      sql`UPDATE api_key SET customer_id = NULL WHERE id IN ${revoked}`,
      recordAfter(context, [type], sql`(SELECT ${API_KEY.snapshot} FROM api_key WHERE api_key.id = event.subject_id)`),
    ],
  };
}
