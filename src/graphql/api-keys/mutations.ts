import { createApiKey, revokeApiKey } from '../../directory/api-keys/commands.ts';
import { revokeApiKeySecret, rotateApiKey } from '../../directory/api-keys/secret-commands.ts';
import { updateApiKey } from '../../directory/api-keys/update-command.ts';
import { run } from '../../directory/commands/command.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { builder } from '../shared/builder.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier, localTenants } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { ReachKind } from '../shared/reach.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { ApiKey, ApiKeyAccess, RateLimitTier } from './api-key.ts';

const NAME = 'What the key is for, 1 to 256 characters.';
const PERMISSIONS = 'At least one name, as `permissions` lists them.';
const SECRET =
  'The whole key, for `Authorization: Bearer`. It is stored nowhere and shown only now: null for a repetition under the same `Idempotency-Key`. If the answer was lost, rotate the key.';

builder.relayMutationField(
  createApiKey.name,
  {
    description: 'A new API key. It can hold no more than you hold yourself.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: NAME }),
      permissions: t.stringList({ required: true, description: PERMISSIONS }),
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

entityMutation(
  updateApiKey,
  { type: 'ApiKey', ref: ApiKey, record: ({ apiKey }) => apiKey },
  {
    input: 'Changes to a key: a field left out is untouched.',
    id: 'The global id of a key that is neither revoked nor expired.',
    field:
      'Changes the name, the permissions and the end of a key, from the next request on: its secrets stay. You must hold all that it holds, before and afterwards, and its rate limit tier.',
    payload: 'The key is as the input says. If it was so before, nothing was written.',
    record: 'The key as it is now.',
  },
  (t) => ({
    name: t.string({ description: NAME }),
    permissions: t.stringList({ description: `${PERMISSIONS} All of them: others are taken away.` }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'From when on it is refused, in the future; null if it never is. If your own key has an expiry, no later than that. Older secrets end with it, if they do not before.',
    }),
  }),
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
