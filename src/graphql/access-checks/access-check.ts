import {
  checkAccess,
  type AccessCheck as DirectoryCheck,
  type PermissionAnswer,
} from '../../directory/access-checks/check-access.ts';
import { ApiKeyAccess } from '../api-keys/api-key.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { ActorType } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier, toGlobalId } from '../shared/ids.ts';
import { CHECKS, COVERED, price } from '../shared/prices.ts';
import { Reach } from '../shared/reach.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';

const PermissionCheckInput = builder.inputType('PermissionCheckInput', {
  description:
    'A permission to ask for, in at most one place. Without one, it is asked for wherever the credential reaches: look at `reach` then.',
  fields: (t) => ({
    permission: t.string({ required: true, description: 'Its name. One that there is not, nobody has.' }),
    tenantIdentifier: t.field({
      type: TenantIdentifier,
      description:
        'In this tenant. Where it is not there, is deleted or out of the credential’s reach, nothing is allowed.',
    }),
    customerIdentifier: t.field({
      type: CustomerIdentifier,
      description:
        'For this customer, likewise. A credential of some tenants reaches the customers that belong to any of them.',
    }),
  }),
});

const AccessCheckInput = builder.inputType('AccessCheckInput', {
  description: 'A credential that somebody has shown, and what they want to do with it.',
  fields: (t) => ({
    credential: t.string({
      required: true,
      description:
        'The secret of an API key, or an access token that was made here; with or without `Bearer ` in front of it. Send it as a variable, and never in the document.',
    }),
    permissions: t.field({
      type: [PermissionCheckInput],
      description: 'What to ask for; nothing if not given. Up to 500 in all checks of a call together.',
    }),
  }),
});

const PermissionCheck = builder.objectRef<PermissionAnswer>('PermissionCheck').implement({
  description: 'The answer to one permission that was asked for.',
  fields: (t) => ({
    permission: t.exposeString('permission', { description: 'The name, as it was asked for.' }),
    isAllowed: t.exposeBoolean('isAllowed', {
      description: 'Whether the credential is good and has this permission there.',
    }),
  }),
});

const AccessCheck = builder.objectRef<DirectoryCheck>('AccessCheck').implement({
  description:
    'Whether a credential is good, whose it is and what it may do. What is wrong with one that is not good is not said: it may be out of your reach.',
  fields: (t) => ({
    isGood: t.boolean({
      description: 'Whether a request with this credential would be answered here.',
      resolve: ({ holder }) => holder !== null,
    }),
    isAllowed: t.boolean({
      description: 'Whether it is good and has every permission that was asked for.',
      resolve: ({ holder, answers }) => holder !== null && answers.every(({ isAllowed }) => isAllowed),
    }),
    validForSeconds: t.exposeInt('validForSeconds', {
      description:
        'How long you may rely on this answer, 5 seconds at most, also on that of a credential which is not good; less if the credential ends sooner, and not at all if it is 0.',
    }),
    type: t.field({
      type: ActorType,
      nullable: true,
      description: 'Whose it is, API_KEY or USER; null if it is not good.',
      resolve: ({ holder }) => holder?.viewer.actor.type ?? null,
    }),
    id: t.id({
      nullable: true,
      description: 'The global id of the API key or the user; null if it is not good.',
      resolve: ({ holder }) => {
        const { type, id = null } = holder?.viewer.actor ?? {};
        return id === null ? null : toGlobalId(type === 'USER' ? 'User' : 'ApiKey', id);
      },
    }),
    name: t.string({
      nullable: true,
      description: 'The name of the API key or the user; null if it has none, or is not good.',
      resolve: ({ holder }) => holder?.name ?? null,
    }),
    email: t.string({
      nullable: true,
      description: 'The e-mail address of the user; null for an API key, and if it is not good.',
      resolve: ({ holder }) => holder?.email ?? null,
    }),
    access: t.field({
      type: ApiKeyAccess,
      nullable: true,
      description:
        'READ: it changes nothing here, whatever its permissions, and should not at your service either. Null if it is not good.',
      resolve: ({ holder }) => holder?.viewer.access ?? null,
    }),
    reach: t.field({
      type: Reach,
      nullable: true,
      description:
        'How far it sees and acts: of an access token, the one place that it was made for; of tenants, the live ones. Null if it is not good.',
      resolve: ({ holder }) => holder?.viewer.reach ?? null,
    }),
    permissions: t.stringList({
      description: 'What it may do, within its reach; empty if it is not good.',
      resolve: ({ holder }) => [...(holder?.viewer.permissions ?? [])],
    }),
    answers: t.field({
      type: [PermissionCheck],
      description: 'Whether it has what was asked for there, in that order.',
      resolve: ({ answers }) => answers,
      ...price(COVERED),
    }),
    sessionId: t.id({
      nullable: true,
      description: 'The global id of the session of an access token; null for an API key, and if it is not good.',
      resolve: ({ holder }) => {
        const session = holder?.viewer.session ?? null;
        return session === null ? null : toGlobalId('Session', session.id);
      },
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the credential ends by itself: the token or its session, the key or this secret of it, whichever is first. Null if it never does, or is not good.',
      resolve: ({ holder }) => holder?.endsAt ?? null,
    }),
  }),
});

builder.queryField('checkAccess', (t) =>
  t.field({
    type: [AccessCheck],
    nullable: true,
    description:
      'Whether credentials are good that a service of yours was shown, whose they are, and what they may do; up to 100, in the order given. It takes API keys and access tokens, and judges them as `/graphql` itself does. One out of your reach is answered like one that somebody invented. Each that is not good counts as a request without a valid credential, for the address that you ask from. By POST only. Needs `access:check`.',
    args: {
      checks: t.arg({ type: [AccessCheckInput], required: true, description: 'What to check.' }),
    },
    resolve: (_, { checks }, caller) =>
      checkAccess(
        caller,
        checks.map(({ credential, permissions }) => ({
          credential,
          permissions: permissions?.map(({ permission, tenantIdentifier, customerIdentifier }) => ({
            permission,
            tenantIdentifier: tenantIdentifier && localIdentifier('Tenant', tenantIdentifier),
            customerIdentifier: customerIdentifier && localIdentifier('Customer', customerIdentifier),
          })),
        })),
      ),
    extensions: { price: CHECKS, isPostOnly: true },
  }),
);
