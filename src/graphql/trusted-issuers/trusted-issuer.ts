import type { ISSUER_KINDS } from '../../directory/trusted-issuers/input.ts';
import { listTrustedIssuers, trustedIssuersByIds } from '../../directory/trusted-issuers/queries.ts';
import { SIGNING_ALGORITHMS } from '../../directory/trusted-issuers/signing-algorithms.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { toGlobalId } from '../shared/ids.ts';
import { entityNode } from '../shared/node.ts';

export const TrustedIssuer = entityNode('TrustedIssuer', trustedIssuersByIds);

export const TrustedIssuerKind = builder.enumType('TrustedIssuerKind', {
  description: 'How the tokens of a trusted issuer say who made them, and for whom.',
  values: {
    STANDARD: { description: 'As `iss` and `aud`. `POST /auth/token` takes them, and answers a session.' },
    EMBEDDED: {
      description:
        'By neither: they name the organization by its id, as `organization`. `POST /embedded/authenticate` takes them, and then `/api` does, as they are.',
    },
  } satisfies Record<(typeof ISSUER_KINDS)[number], object>,
});

export const TRUSTED_ISSUER_DESCRIPTIONS = {
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

TrustedIssuer.implement({
  description:
    'Somebody who may say who a user of a customer is, by tokens that it signs. Reading it needs `organization:edit`, and to reach the whole organization.',
  fields: (t) => ({
    name: t.exposeString('name', { description: TRUSTED_ISSUER_DESCRIPTIONS.name }),
    kind: t.expose('kind', { type: TrustedIssuerKind, description: TRUSTED_ISSUER_DESCRIPTIONS.kind }),
    issuer: t.exposeString('issuer', {
      nullable: true,
      description: `${TRUSTED_ISSUER_DESCRIPTIONS.issuer} ${NULL_IF_EMBEDDED}`,
    }),
    audience: t.exposeString('audience', {
      nullable: true,
      description: `${TRUSTED_ISSUER_DESCRIPTIONS.audience} ${NULL_IF_EMBEDDED}`,
    }),
    algorithms: t.exposeStringList('algorithms', { description: TRUSTED_ISSUER_DESCRIPTIONS.algorithms }),
    keys: t.field({
      type: ['JSONObject'],
      nullable: true,
      description: `${TRUSTED_ISSUER_DESCRIPTIONS.keys} Null if it publishes them at \`jwksUrl\`.`,
      resolve: ({ keys }) => keys?.map((key) => ({ ...key })),
    }),
    jwksUrl: t.exposeString('jwksUrl', {
      nullable: true,
      description: `${TRUSTED_ISSUER_DESCRIPTIONS.jwksUrl} Null if they are given as \`keys\`.`,
    }),
    createsUsers: t.exposeBoolean('createsUsers', { description: TRUSTED_ISSUER_DESCRIPTIONS.createsUsers }),
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
