import { createApiKey, revokeApiKey } from '../../directory/api-keys/commands.ts';
import { apiKeysByIds, listApiKeys } from '../../directory/api-keys/queries.ts';
import { revokeApiKeySecret, rotateApiKey } from '../../directory/api-keys/secret-commands.ts';
import type { ApiKeySecretRecord } from '../../directory/api-keys/secrets.ts';
import { run } from '../../directory/commands/command.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier, localTenants } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { entityNode } from '../shared/node.ts';
import { recordLeft } from '../shared/payload.ts';
import { COVERED, price } from '../shared/prices.ts';
import { Reach, ReachKind } from '../shared/reach.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';

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

const ApiKeySecret = builder.objectRef<ApiKeySecretRecord>('ApiKeySecret').implement({
  description: 'A secret of an API key that is good. What it is, nobody can read.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id, for `revokeApiKeySecret`. It is no node.' }),
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
 * API keys as nodes. `getDataloader(caller).load(id)` answers null for one that does not exist or is out of reach.
 * @throws {ForbiddenError} from that loader, for a caller without `apiKey:read`.
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

builder.queryField('apiKeys', (t) =>
  t.connection(
    {
      type: ApiKey,
      description: 'The API keys in your reach, the oldest first, revoked ones included. Needs `apiKey:read`.',
      resolve: (_, args, caller, info) => resolveConnection(listApiKeys(caller, args), caller, info),
    },
    ApiKeyConnection,
  ),
);

const SECRET =
  'The whole key, for `Authorization: Bearer`. It is stored nowhere and shown only now: null for a repetition under the same `Idempotency-Key`. If the answer was lost, rotate the key.';

builder.relayMutationField(
  createApiKey.name,
  {
    description: 'A new API key. It can hold no more than you hold yourself.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'What the key is for, 1 to 256 characters.' }),
      permissions: t.stringList({ required: true, description: 'At least one name, as `permissions` lists them.' }),
      access: t.field({ type: ApiKeyAccess, description: 'Whether it may change anything; WRITE if not given.' }),
      reach: t.field({ type: ReachKind, required: true, description: 'How far it sees and acts.' }),
      tenantIdentifiers: t.field({
        type: [TenantIdentifier],
        description: 'For a reach of TENANTS: which ones, 1 to 100. Not for another reach.',
      }),
      customerIdentifier: t.field({
        type: CustomerIdentifier,
        description: 'For a reach of CUSTOMER: which one. Not for another reach.',
      }),
      rateLimitTier: t.field({
        type: RateLimitTier,
        description:
          'How many requests it may make; DEFAULT if not given. HIGH is given by keys that have it, and by users and the root key, if they reach the whole organization.',
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description:
          'From when on it is refused, in the future. Never if not given, or when your own key is: what a key with an ' +
          'expiry makes expires no later.',
      }),
    }),
  },
  {
    ...commandField(createApiKey, 'Creates an API key, and shows its secret this once.'),
    resolve: (_, { input }, caller) =>
      run(caller, createApiKey, {
        ...input,
        tenantIdentifiers: localTenants(input.tenantIdentifiers ?? []),
        customerIdentifier: input.customerIdentifier && localIdentifier('Customer', input.customerIdentifier),
      }),
  },
  {
    description: 'The key was created.',
    outputFields: (t) => ({
      apiKey: t.field({ type: ApiKey, description: 'The new key.', ...recordLeft('apiKey') }),
      secret: t.exposeString('secret', { nullable: true, description: SECRET }),
    }),
  },
);

builder.relayMutationField(
  rotateApiKey.name,
  {
    description: 'Which key gets a new secret.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The global id of a key that is neither revoked nor expired.' }),
      overlapSeconds: t.int({
        description:
          'For how many seconds the newest secret so far stays good beside the new one: 0 to 604800; 86400 if not given. Never longer than the key. Older secrets stay good for as long as was said then.',
      }),
    }),
  },
  {
    ...commandField(
      rotateApiKey,
      'Gives a key a new secret. You must hold all that the key holds. If an answer was lost, rotate again: while older secrets are good, a newest one that nobody used within ten minutes goes. At most 5 secrets are good at a time. Of several rotations at the same time that leave no overlap, one is done; the others answer `version_conflict`.',
    ),
    resolve: (_, { input }, caller) => run(caller, rotateApiKey, { ...input, id: localId('ApiKey', input.id) }),
  },
  {
    description: 'The key has a new secret.',
    outputFields: (t) => ({
      apiKey: t.field({ type: ApiKey, description: 'The key as it is now.', ...recordLeft('apiKey') }),
      secret: t.exposeString('secret', { nullable: true, description: SECRET }),
    }),
  },
);

entityMutation(
  revokeApiKeySecret,
  { type: 'ApiKey', ref: ApiKey, record: ({ apiKey }) => apiKey },
  {
    input: 'Which secret of which key to end.',
    id: 'The global id of a key that is neither revoked nor expired.',
    field:
      'Ends one of the older secrets of a key: it is refused from the next request on. The newest one ends by rotating the key, or by revoking it. You must hold all that the key holds.',
    payload: 'The secret has ended.',
    record: 'The key as it is now.',
  },
  (t) => ({ secretId: t.id({ required: true, description: 'The id of the secret, as `ApiKey.secrets` has it.' }) }),
);

entityMutation(
  revokeApiKey,
  { type: 'ApiKey', ref: ApiKey, record: ({ apiKey }) => apiKey },
  {
    input: 'Which key to revoke.',
    id: 'The global id of the key.',
    field:
      'Ends a key: it is refused from the next request on, and stays listed. You must hold all that the key holds.',
    payload: 'The key is revoked.',
    record: 'The key as it is now.',
  },
);
