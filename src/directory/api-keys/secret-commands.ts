import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { apiKeySecrets, apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { update } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { allExist, missingUnless } from '../commands/references.ts';
import { planUpdate } from '../commands/unversioned-entity.ts';
import {
  ForbiddenError,
  NotFoundError,
  TooManySecretsError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import { id } from '../kernel/input.ts';
import { DEFAULT_OVERLAP_SECONDS, overlap } from '../kernel/overlap.ts';
import type { ApiKeyResult, ApiKeySecretResult } from './commands.ts';
import { ACTIVE_API_KEY, API_KEY, isActive } from './entity.ts';
import { endsInTime, holdsPermissionsOf, holdsTierOf } from './guards.ts';
import type { ApiKeyRecord } from './queries.ts';
import { insertSecret, secretEnd } from './secrets.ts';
import { newToken } from './token.ts';

/** How many secrets of one key may be good at a time. */
export const MAX_SECRETS = 5;

/**
 * How long a secret has, from when it was made, to be used for the first time, if another takes its place in the meantime
 * and it was made while older ones were good.
 */
export const CLAIM_MILLISECONDS = 10 * 60 * 1000;

/** Within this time, of two rotations neither may have known of the other. */
export const SAME_TIME_MILLISECONDS = 5000;

/** The secrets of a key that are good beside its newest one, as FROM and WHERE. */
const olderOf = ({ at }: CommandContext, id: string): SQL =>
  sql`FROM api_key_secret WHERE api_key_id = ${id} AND ${secretEnd} > ${at.getTime()}`;

/** The newest secret of a key, if nobody ever used it, as FROM and WHERE. */
const unusedOf = (id: string): SQL =>
  sql`FROM api_key_secret WHERE api_key_id = ${id} AND expires_at IS NULL AND last_used_at IS NULL`;

/**
 * Checks, for a rotation that ends the newest secret at once, that this is not the answer to another rotation at the same
 * time, which nobody can have used yet: it would be dead on arrival.
 */
const isNotRotatedMeanwhile = ({ viewer, at }: CommandContext, id: string): Check<ApiKeyRecord> => ({
  problem: sql`(SELECT 'rotated' ${unusedOf(id)} AND created_at > ${at.getTime() - SAME_TIME_MILLISECONDS}
    AND created_at > (SELECT api_key.created_at FROM api_key WHERE api_key.id = ${id}))`,
  error: (_, record) => new VersionConflictError(null, record && canRead(viewer) ? { entity: 'ApiKey', record } : null),
});

const canRead = ({ permissions }: Viewer): boolean => permissions.has('apiKey:read');

/** Checks that there is room for one more secret that is good, unless the newest one so far is not good any longer. */
const hasRoom = (context: CommandContext, id: string): Check<unknown> => ({
  problem: sql`(SELECT 'full' WHERE (SELECT count(*) ${olderOf(context, id)}) + 1 >= ${MAX_SECRETS}
    AND NOT EXISTS (SELECT 1 ${unusedOf(id)} AND created_at <= ${context.at.getTime() - CLAIM_MILLISECONDS}))`,
  error: () => new TooManySecretsError(MAX_SECRETS),
});

/**
 * Returns an UPDATE that gives the newest secret of a key an end. If older ones are good, one that nobody ever used has but
 * a few minutes: perhaps its answer was lost, or it is the answer to a rotation at the same time.
 */
const giveWay = (context: CommandContext, id: string, overlapSeconds: number, rotated: SQL): SQL => {
  const end = context.at.getTime() + overlapSeconds * 1000;
  return sql`UPDATE api_key_secret SET
      expires_at = min(${end}, COALESCE((SELECT api_key.expires_at FROM api_key WHERE api_key.id = ${id}), ${end})),
      unclaimed_until = iif(EXISTS (SELECT 1 ${olderOf(context, id)}), created_at + ${CLAIM_MILLISECONDS}, NULL)
    WHERE api_key_id = ${id} AND expires_at IS NULL AND ${rotated}`;
};

/**
 * Gives an API key another secret, which is answered once. The newest one so far stays good for the overlap, 24 hours unless
 * said otherwise, and at most as long as the key; older ones stay good for as long as was said then. If there are older
 * ones, a newest one that nobody used within ten minutes goes: its answer was lost. So rotations at the same time all
 * answer secrets that are good; with an overlap of 0, the first one does.
 */
export const rotateApiKey = command({
  name: 'rotateApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => z.object({ id: id(), overlapSeconds: overlap() }),
  errors: [ValidationError, NotFoundError, TooManySecretsError, VersionConflictError, ForbiddenError],
  plan(context, { id, overlapSeconds }): Plan<ApiKeySecretResult, ApiKeyRecord> {
    const { viewer, at } = context;
    const secret = newToken(id);
    const seconds = overlapSeconds ?? DEFAULT_OVERLAP_SECONDS;
    const endsNewest = seconds === 0;
    return planUpdate(context, ACTIVE_API_KEY, {
      type: 'apiKey.rotated',
      target: isActive(context, id),
      before: API_KEY.snapshot,
      checks: [
        holdsPermissionsOf(viewer, id),
        ...endsInTime(viewer, id),
        holdsTierOf(viewer, id),
        endsNewest ? isNotRotatedMeanwhile(context, id) : hasRoom(context, id),
      ],
      changes: sql`TRUE`,
      writes: (rotated) => [
        ...(endsNewest ? [] : [giveWay(context, id, seconds, rotated)]),
        sql`DELETE FROM api_key_secret WHERE api_key_id = ${id} AND ${rotated}
          AND (expires_at IS NULL OR ${secretEnd} <= ${at.getTime()})`,
        insertSecret(id, secret, at, rotated),
        update(apiKeys, { updatedAt: at }, sql`api_key.id = ${id} AND ${rotated}`),
      ],
      result: (apiKey) => ({ apiKey, secret: context.isRepetition ? null : secret }),
    });
  },
});

/** Checks that the secret is one of this key, and good. */
const isThere = ({ at }: CommandContext, id: string, secretId: string): Check<unknown> =>
  allExist([
    missingUnless(
      sql`EXISTS (SELECT 1 FROM api_key_secret WHERE api_key_id = ${id} AND id = ${secretId}
        AND (expires_at IS NULL OR ${secretEnd} > ${at.getTime()}))`,
      'secretId',
      'secret of the key',
    ),
  ]);

/** Checks that the secret is not the newest one: a key without that could not be used once its older ones have ended. */
const isOlder = (id: string, secretId: string): Check<unknown> => ({
  problem: sql`(SELECT 'newest' FROM api_key_secret WHERE api_key_id = ${id} AND id = ${secretId} AND expires_at IS NULL)`,
  error: () => ValidationError.at('secretId', 'is the newest secret of the key: rotate the key, or revoke it'),
});

/**
 * Ends one of the older secrets of an API key before its time, from the next request on. The newest one ends by rotating
 * the key, or by revoking it.
 */
export const revokeApiKeySecret = command({
  name: 'revokeApiKeySecret',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => z.object({ id: id(), secretId: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, secretId }): Plan<ApiKeyResult, ApiKeyRecord> {
    const { viewer, at } = context;
    return planUpdate(context, ACTIVE_API_KEY, {
      type: 'apiKey.secretRevoked',
      target: isActive(context, id),
      before: API_KEY.snapshot,
      checks: [holdsPermissionsOf(viewer, id), isThere(context, id, secretId), isOlder(id, secretId)],
      changes: sql`TRUE`,
      writes: (revoked) => [
        sql`DELETE FROM ${apiKeySecrets} WHERE api_key_id = ${id} AND id = ${secretId} AND ${revoked}`,
        update(apiKeys, { updatedAt: at }, sql`api_key.id = ${id} AND ${revoked}`),
      ],
      result: (apiKey) => ({ apiKey }),
    });
  },
});
