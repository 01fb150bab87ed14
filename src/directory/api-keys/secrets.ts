import type { SQL } from 'drizzle-orm';
import { apiKeySecrets } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { insertWhen } from '../../db/statement.ts';
import { newId } from '../kernel/ids.ts';
import { sha256 } from '../kernel/secrets.ts';
import { hintOf } from './token.ts';

/** A secret of an API key as every API shows it: never the secret itself, nor its hash. */
export interface ApiKeySecretRecord {
  id: string;
  /** Its first and last characters; null for one that was made before these were kept. */
  hint: string | null;
  createdAt: Date;
  /** From when on it is refused. Null for the newest one, which is good as long as the key. */
  expiresAt: Date | null;
  /** Within five minutes; null if it never was. */
  lastUsedAt: Date | null;
}

/** How `secretList` answers a secret. */
interface SecretRow {
  id: string;
  hint: string | null;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

/** What decides whether a credential is a secret that is good. */
export interface SecretHash {
  id: string;
  hash: string;
  expiresAt: Date | null;
}

/**
 * When a secret ends, as an expression over `api_key_secret`; NULL for the newest one. One that another took the place of
 * before anybody used it ends sooner, unless it is used until then.
 */
export const secretEnd = sql`iif(last_used_at IS NULL AND unclaimed_until IS NOT NULL,
  min(unclaimed_until, expires_at), expires_at)`;

/** The secrets of the key in scope, the oldest first and the newest last, each with its `ends_at`: to stand behind FROM. */
export const secretsOfKey = sql`(SELECT *, ${secretEnd} AS ends_at FROM api_key_secret
  WHERE api_key_secret.api_key_id = api_key.id ORDER BY expires_at IS NULL, created_at, id)`;

/** The secrets of the key in scope, the oldest first, as a JSON array for `parseSecrets`. Those that ended may be among them. */
export const secretList = sql<string>`(SELECT json_group_array(json_object('id', secret.id, 'hint', secret.hint,
    'createdAt', secret.created_at, 'expiresAt', secret.ends_at, 'lastUsedAt', secret.last_used_at))
  FROM ${secretsOfKey} secret)`;

/** Returns the secrets of a `secretList`. */
export const parseSecrets = (list: string): ApiKeySecretRecord[] =>
  JSON.parse(list).map((row: SecretRow) => ({
    ...row,
    createdAt: new Date(row.createdAt),
    expiresAt: asTime(row.expiresAt),
    lastUsedAt: asTime(row.lastUsedAt),
  }));

// Every request reads them: nobody needs them in an order, for which SQLite would sort them twice.
const UNORDERED = sql`FROM api_key_secret WHERE api_key_secret.api_key_id = api_key.id`;

/** What decides of the secrets of the key in scope, as a JSON array for `parseSecretHashes`: all but when they were used. */
export const secretHashes = sql<string>`(SELECT json_group_array(
  json_object('id', id, 'hash', secret_hash, 'expiresAt', ${secretEnd})) ${UNORDERED})`;

/** Returns the secrets of `secretHashes`. */
export const parseSecretHashes = (list: string): SecretHash[] =>
  JSON.parse(list).map(({ id, hash, expiresAt }: Pick<SecretRow, 'id' | 'expiresAt'> & { hash: string }) => ({
    id,
    hash,
    expiresAt: asTime(expiresAt),
  }));

/** When the secrets of the key in scope were used last, as a JSON object by their ids. */
export const secretUses = sql<string>`(SELECT json_group_object(id, last_used_at) ${UNORDERED})`;

/** Returns when the secret with this id was used last, by its `secretUses`; null if it never was. */
export const secretUsedAt = (uses: string, id: string): Date | null => asTime(JSON.parse(uses)[id] ?? null);

const asTime = (milliseconds: number | null): Date | null => (milliseconds === null ? null : new Date(milliseconds));

/** Returns whether a secret has not ended by itself. That its key is good as well is for others to say. */
export const isGoodAt = ({ expiresAt }: Pick<ApiKeySecretRecord, 'expiresAt'>, now: Date): boolean =>
  expiresAt === null || expiresAt > now;

/** Returns an INSERT of the newest secret of a key. A key has one newest secret: the one before must have an end by then. */
export const insertSecret = (apiKeyId: string, secret: string, createdAt: Date, condition: SQL): SQL =>
  insertWhen(
    apiKeySecrets,
    { id: newId(), apiKeyId, secretHash: sha256(secret), hint: hintOf(secret), createdAt },
    condition,
  );
