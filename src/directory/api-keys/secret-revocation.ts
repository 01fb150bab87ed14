import type { SQL } from 'drizzle-orm';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { update, write } from '../../db/statement.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import {
  type EventContext,
  eventsOf,
  nameTenants,
  recordAfter,
  recordEvent,
  tell,
  wasRecorded,
} from '../commands/event-recording.ts';
import type { EventType } from '../kernel/event-types.ts';
import { newId } from '../kernel/ids.ts';
import { sha256 } from '../kernel/secrets.ts';
import { API_KEY } from './entity.ts';
import { endKeys } from './revocation.ts';
import { secretEnd } from './secrets.ts';
import { apiKeyIdOf } from './token.ts';

/**
 * Ends what is good by a secret of an API key, from the next request on: the key, if it is the newest secret, and else that
 * secret alone, as whoever has an old one must not end what took its place. Nobody needs a permission for it: whoever has a
 * secret can only lose by that. Returns whether the secret was good.
 */
export async function revokeBySecret(
  caller: Pick<AnonymousCaller, 'db' | 'now' | 'eventsAreDue'>,
  token: string,
): Promise<boolean> {
  const { db, now } = caller;
  const id = apiKeyIdOf(token);
  if (id === null) return false;
  const context: EventContext = { id: newId(), at: now, viewer: { actor: { type: 'API_KEY', id } } };
  const ofSecret = sql`api_key_secret.api_key_id = ${id} AND api_key_secret.secret_hash = ${sha256(token)}`;
  const revoked = wasRecorded(context, 'apiKey.revoked');
  const secretRevoked = wasRecorded(context, 'apiKey.secretRevoked');
  const recordEnd = (type: EventType, isEnded: SQL): SQL =>
    recordEvent(
      context,
      { type, subjectType: API_KEY.name, subjectId: sql`api_key.id`, before: API_KEY.snapshot },
      sql`FROM api_key WHERE api_key.id = ${id} AND api_key.revoked_at IS NULL
        AND (api_key.expires_at IS NULL OR api_key.expires_at > ${now.getTime()})
        AND EXISTS (SELECT 1 FROM api_key_secret WHERE ${ofSecret} AND ${isEnded})`,
    );
  const after = sql`(SELECT ${API_KEY.snapshot} FROM api_key WHERE api_key.id = event.subject_id)`;
  const { recorded } = await db.batch({
    writes: [
      recordEnd('apiKey.secretRevoked', sql`${secretEnd} > ${now.getTime()}`),
      recordEnd('apiKey.revoked', sql`api_key_secret.expires_at IS NULL`),
      ...endKeys(now, sql`api_key.id = ${id} AND ${revoked}`),
      sql`DELETE FROM api_key_secret WHERE ${ofSecret} AND ${secretRevoked}`,
      update(apiKeys, { updatedAt: now }, sql`api_key.id = ${id} AND ${secretRevoked}`),
      recordAfter(context, ['apiKey.revoked', 'apiKey.secretRevoked'], after),
      nameTenants(context),
    ].map(write),
    recorded: eventsOf(context),
  });
  tell(recorded, caller);
  return recorded.length > 0;
}
