import { run } from '../../directory/commands/command.ts';
import {
  createTrustedIssuer,
  deleteTrustedIssuer,
  updateTrustedIssuer,
} from '../../directory/trusted-issuers/commands.ts';
import type { ISSUER_KINDS } from '../../directory/trusted-issuers/input.ts';
import { SIGNING_ALGORITHMS } from '../../directory/trusted-issuers/json-web-keys.ts';
import { listTrustedIssuers, trustedIssuersByIds } from '../../directory/trusted-issuers/queries.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { RoleIdentifier } from '../roles/role.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier, toGlobalId } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { entityNode } from '../shared/node.ts';
import { recordLeft } from '../shared/payload.ts';

const TrustedIssuer = entityNode('TrustedIssuer', trustedIssuersByIds);

const TrustedIssuerKind = builder.enumType('TrustedIssuerKind', {
  description: 'How the tokens of a trusted issuer say who made them, and for whom.',
  values: {
    STANDARD: { description: 'As `iss` and `aud`. `POST /auth/token` takes them, and answers a session.' },
    EMBEDDED: {
      description:
        'By neither: they name the organization by its id, as `organization`. `POST /embedded/authenticate` takes them, and then `/api` does, as they are.',
    },
  } satisfies Record<(typeof ISSUER_KINDS)[number], object>,
});

const DESCRIPTIONS = {
  name: 'What people call it, 1 to 256 characters.',
  kind: 'How its tokens say who made them, and for whom.',
  issuer: 'What its tokens say as `iss`, to the letter, 1 to 256 characters. No other trusted issuer has the same.',
  audience: 'What its tokens have to say as `aud`, or among it, to the letter, 1 to 256 characters.',
  algorithms: `What its tokens may be signed with: any of ${SIGNING_ALGORITHMS.map((name) => `\`${name}\``).join(', ')}.`,
  keys: 'The public keys that its tokens are signed with, as JSON Web Keys (RFC 7517): 1 to 10 of RSA from 2048 bits, of P-256, P-384 or P-521, or of Ed25519, each with a `kid` of its own if there are several.',
  jwksUrl:
    'Where it publishes them as a JSON Web Key Set: an https URL of a host with a public name, none that is private by convention or stands for a private address, which answers within 3 seconds, without a redirect, and with at most 64 KB.',
  createsUsers: 'Whether a user is created for an external id that is seen for the first time.',
  roles: 'Roles of customers, 1 to 100: it signs in users with these only.',
  customers: 'Customers, 1 to 100: it signs in users of these only.',
} as const;

const NULL_IF_EMBEDDED = 'Null for the kind EMBEDDED.';
const NOT_IF_EMBEDDED = 'Every issuer of the kind STANDARD has one, and none of the kind EMBEDDED.';

TrustedIssuer.implement({
  description:
    'Somebody who may say who a user of a customer is, by tokens that it signs. Reading it needs `organization:edit`, and to reach the whole organization.',
  fields: (t) => ({
    name: t.exposeString('name', { description: DESCRIPTIONS.name }),
    kind: t.expose('kind', { type: TrustedIssuerKind, description: DESCRIPTIONS.kind }),
    issuer: t.exposeString('issuer', { nullable: true, description: `${DESCRIPTIONS.issuer} ${NULL_IF_EMBEDDED}` }),
    audience: t.exposeString('audience', {
      nullable: true,
      description: `${DESCRIPTIONS.audience} ${NULL_IF_EMBEDDED}`,
    }),
    algorithms: t.exposeStringList('algorithms', { description: DESCRIPTIONS.algorithms }),
    keys: t.field({
      type: ['JSONObject'],
      nullable: true,
      description: `${DESCRIPTIONS.keys} Null if it publishes them at \`jwksUrl\`.`,
      resolve: ({ keys }) => keys?.map((key) => ({ ...key })),
    }),
    jwksUrl: t.exposeString('jwksUrl', {
      nullable: true,
      description: `${DESCRIPTIONS.jwksUrl} Null if they are given as \`keys\`.`,
    }),
    createsUsers: t.exposeBoolean('createsUsers', { description: DESCRIPTIONS.createsUsers }),
    roleIds: t.idList({
      description: 'The global ids of the roles that its users may have.',
      resolve: ({ roleIds }) => roleIds.map((id) => toGlobalId('Role', id)),
    }),
    customerIds: t.idList({
      description: 'The global ids of the customers whose users it may sign in, deleted ones included.',
      resolve: ({ customerIds }) => customerIds.map((id) => toGlobalId('Customer', id)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was registered.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed.' }),
  }),
});

const TrustedIssuerConnection = builder.connectionObject(
  { type: TrustedIssuer, name: 'TrustedIssuerConnection', description: 'One page of trusted issuers.' },
  { name: 'TrustedIssuerEdge', description: 'A trusted issuer at its place in a list.' },
);

builder.queryField('trustedIssuers', (t) =>
  t.connection(
    {
      type: TrustedIssuer,
      description:
        'Whose tokens sign in users of customers, the oldest first; none unless you reach the whole organization. Needs `organization:edit`.',
      resolve: (_, args, caller, info) => resolveConnection(listTrustedIssuers(caller, args), caller, info),
    },
    TrustedIssuerConnection,
  ),
);

/** The input fields that describe an issuer: those without which there is none are required in a new one. */
const inputFields = <Required extends boolean>(t: InputFields, required: Required) => ({
  name: t.string({ required, description: DESCRIPTIONS.name }),
  issuer: t.string({ description: `${DESCRIPTIONS.issuer} ${NOT_IF_EMBEDDED}` }),
  audience: t.string({ description: `${DESCRIPTIONS.audience} ${NOT_IF_EMBEDDED}` }),
  keys: t.field({ type: ['JSONObject'], description: `${DESCRIPTIONS.keys} Either these or \`jwksUrl\`.` }),
  jwksUrl: t.string({ description: `${DESCRIPTIONS.jwksUrl} Either this or \`keys\`.` }),
  algorithms: t.stringList({
    description: `${DESCRIPTIONS.algorithms} With keys and without this, those that the keys name, or the usual ones for them; with a URL, RS256, PS256, ES256 and EdDSA.`,
  }),
  roleIdentifiers: t.field({ type: [RoleIdentifier], required, description: DESCRIPTIONS.roles }),
  customerIdentifiers: t.field({ type: [CustomerIdentifier], required, description: DESCRIPTIONS.customers }),
});

interface GivenLists {
  roleIdentifiers?: readonly (typeof RoleIdentifier.$inferInput)[] | null | undefined;
  customerIdentifiers?: readonly (typeof CustomerIdentifier.$inferInput)[] | null | undefined;
}

const localLists = ({ roleIdentifiers, customerIdentifiers }: GivenLists) => ({
  roleIdentifiers: roleIdentifiers?.map((identifier) => localIdentifier('Role', identifier)),
  customerIdentifiers: customerIdentifiers?.map((identifier) => localIdentifier('Customer', identifier)),
});

const HELD =
  'You must hold what the roles that it lists allow. An API key that expires makes nobody trusted, nor for more than before.';

builder.relayMutationField(
  createTrustedIssuer.name,
  {
    description: 'A new trusted issuer.',
    inputFields: (t) => ({
      kind: t.field({
        type: TrustedIssuerKind,
        description: `${DESCRIPTIONS.kind} STANDARD if not given. It stays as it is.`,
      }),
      ...inputFields(t, true),
      createsUsers: t.boolean({ description: `${DESCRIPTIONS.createsUsers} False if not given.` }),
    }),
  },
  {
    ...commandField(createTrustedIssuer, `Registers somebody whose tokens sign in users of customers. ${HELD}`),
    resolve: (_, { input }, caller) => run(caller, createTrustedIssuer, { ...input, ...localLists(input) }),
  },
  {
    description: 'The issuer is trusted.',
    outputFields: (t) => ({
      trustedIssuer: t.field({
        type: TrustedIssuer,
        description: 'The new trusted issuer.',
        ...recordLeft('trustedIssuer'),
      }),
    }),
  },
);

builder.relayMutationField(
  updateTrustedIssuer.name,
  {
    description: 'Changes to a trusted issuer: a field left out is untouched, and a list is replaced.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The global id of a trusted issuer.' }),
      ...inputFields(t, false),
      createsUsers: t.boolean({ description: DESCRIPTIONS.createsUsers }),
    }),
  },
  {
    ...commandField(
      updateTrustedIssuer,
      `Changes a trusted issuer. Sessions that it began end where its lists have the customer or the role no more, and all of them if its name in tokens, its audience, keys, URL or algorithms change. Of the kind EMBEDDED, its tokens are checked anew. ${HELD}`,
    ),
    resolve: (_, { input }, caller) =>
      run(caller, updateTrustedIssuer, { ...input, ...localLists(input), id: localId('TrustedIssuer', input.id) }),
  },
  {
    description: 'The issuer is as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      trustedIssuer: t.field({
        type: TrustedIssuer,
        description: 'The issuer as it is now.',
        ...recordLeft('trustedIssuer'),
      }),
    }),
  },
);

entityMutation(
  deleteTrustedIssuer,
  { type: 'TrustedIssuer', ref: TrustedIssuer, record: ({ trustedIssuer }) => trustedIssuer },
  {
    input: 'Which issuer is not to be trusted any more.',
    id: 'The global id of a trusted issuer.',
    field: `Removes a trusted issuer, for good: the sessions that it began end, and its users stay, to be found by the external id that the directory has for them, if any. ${HELD}`,
    payload: 'The issuer is trusted no more.',
    record: 'The issuer as it was.',
  },
);
