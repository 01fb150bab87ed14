import { listApiKeys } from '../../directory/api-keys/list.ts';
import { apiKeysByIds } from '../../directory/api-keys/queries.ts';
import type { ApiKeySecretRecord } from '../../directory/api-keys/secrets.ts';
import { Actor } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { localId } from '../shared/ids.ts';
import { ApiKeyOrder, DateTimeRange } from '../shared/list-inputs.ts';
import { entityNode } from '../shared/node.ts';
import { COVERED, price } from '../shared/prices.ts';
import { Reach, ReachKind } from '../shared/reach.ts';

/** Whether a credential may write or only read. A user who signed in has one, too, always WRITE. */
export const ApiKeyAccess = builder.enumType('ApiKeyAccess', {
  description: 'Whether a credential may change anything.',
  values: {
    READ: { description: 'It may query. Every mutation is refused, whatever the permissions.' },
    WRITE: { description: 'It may query and mutate, as far as its permissions go.' },
  } as const,
});

/** How many requests a credential may make. */
export const RateLimitTier = builder.enumType('RateLimitTier', {
  description:
    'How many requests a credential may make in a minute, at each location of the network. The numbers are those of the deployment.',
  values: {
    DEFAULT: { description: 'As many as users and the root key, too.' },
    HIGH: { description: 'More, for programs that ask a lot.' },
  } as const,
});

const HINT =
  'Its first and last characters, such as `tenantry_0190…x4fz`, to tell it from others: too few to find the rest by.';

const ApiKeySecret = builder.objectRef<ApiKeySecretRecord>('ApiKeySecret').implement({
  description: 'A secret of an API key that is good. What it is, nobody can read.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id, for `revokeApiKeySecret`. It is no node.' }),
    hint: t.exposeString('hint', {
      nullable: true,
      description: `${HINT} Null for one that was made before these were kept.`,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'From when on it is refused; null for the newest one, which is good as long as the key. Of one that gave way before anybody used it, that is soon: used until then, it is good for longer.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, within five minutes; null if it never was.',
    }),
  }),
});

/**
 * API keys as nodes. `node` is null for one that does not exist or is out of reach.
 * @throws {ForbiddenError} for a caller without `apiKey:read`.
 */
export const ApiKey = entityNode('ApiKey', apiKeysByIds);

ApiKey.implement({
  description:
    'The credential of a program. Its secret is shown once, when it is made. Reading it needs `apiKey:read`, and a reach that holds its own.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What the key is for, 1 to 256 characters.' }),
    permissions: t.exposeStringList('permissions', { description: 'What the key may do, within its reach.' }),
    access: t.expose('access', { type: ApiKeyAccess, description: 'Whether the key may change anything.' }),
    reach: t.expose('reach', {
      type: Reach,
      description: 'How far the key sees and acts: of tenants, all that it was given, deleted ones included.',
    }),
    rateLimitTier: t.expose('rateLimitTier', { type: RateLimitTier, description: 'How many requests it may make.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was created.' }),
    createdBy: t.field({
      type: Actor,
      nullable: true,
      description: 'Who created it; null for a key that was created before this was kept.',
      resolve: ({ createdByType: type, createdById: id }) => type && { type, id },
    }),
    hint: t.exposeString('hint', {
      nullable: true,
      description: `Of the newest secret. ${HINT} Null once the key is revoked, and for a secret that was made before these were kept.`,
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on the key is refused; null if it does not expire.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was revoked; null if it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was last used, within five minutes; null if it never was.',
    }),
    previousSecretExpiresAt: t.expose('previousSecretExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until when secrets before the newest one are good, at the latest; null if there are none. Never later than the key is.',
    }),
    secrets: t.expose('secrets', {
      type: [ApiKeySecret],
      description: 'The secrets that are good, the oldest first, at most 5; none once the key is revoked.',
      ...price(COVERED),
    }),
  }),
});

const ApiKeyConnection = builder.connectionObject(
  { type: ApiKey, name: 'ApiKeyConnection', description: 'One page of API keys.' },
  { name: 'ApiKeyEdge', description: 'An API key at its place in a list.' },
);

const ApiKeyState = builder.enumType('ApiKeyState', {
  description: 'Whether an API key can be used.',
  values: {
    ACTIVE: { description: 'It was neither revoked, nor has it come to its end.' },
    EXPIRED: { description: 'It has come to its end, and was not revoked.' },
    REVOKED: { description: 'It was revoked, whether it would have expired since or not.' },
  } as const,
});

const ApiKeyFilter = builder.inputType('ApiKeyFilter', {
  description: 'Which API keys a list has: those that satisfy everything given here.',
  fields: (t) => ({
    reach: t.field({ type: ReachKind, description: 'How far they see and act.' }),
    tenantId: t.id({
      description: 'That were given the tenant with this global id. Those that reach everything are not among them.',
    }),
    permission: t.string({ description: 'That have this permission, a name as `permissions` lists them.' }),
    nameStartsWith: t.string({ description: 'Whose name begins so, without regard to the case of A to Z.' }),
    state: t.field({ type: ApiKeyState, description: 'Whether they can be used.' }),
    expiresAt: t.field({ type: DateTimeRange, description: 'That expire, or have expired, within.' }),
    lastUsedAt: t.field({ type: DateTimeRange, description: 'That were last used within.' }),
    isUsed: t.boolean({ description: 'Whether they were ever used.' }),
    notUsedSince: t.field({
      type: 'DateTime',
      description: 'That were not used from this moment on. One that was never used counts from when it was created.',
    }),
  }),
});

builder.queryField('apiKeys', (t) =>
  t.connection(
    {
      type: ApiKey,
      description: 'The API keys in your reach, revoked ones included. Needs `apiKey:read`.',
      args: {
        filter: t.arg({ type: ApiKeyFilter, description: 'Which keys; all if not given.' }),
        orderBy: t.arg({ type: ApiKeyOrder, description: 'How they are sorted; by CREATED_AT if not given.' }),
      },
      resolve: (_, args, caller, info) => {
        const { tenantId } = args.filter ?? {};
        const filter = { ...args.filter, tenantId: tenantId && localId('Tenant', tenantId) };
        return resolveConnection(listApiKeys(caller, { ...args, filter }), caller, info);
      },
    },
    ApiKeyConnection,
  ),
);
