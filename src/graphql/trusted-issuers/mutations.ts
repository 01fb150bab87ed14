import { run } from '../../directory/commands/command.ts';
import {
  createTrustedIssuer,
  deleteTrustedIssuer,
  updateTrustedIssuer,
} from '../../directory/trusted-issuers/commands.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { TRUSTED_ISSUER_DESCRIPTIONS, TrustedIssuer, TrustedIssuerKind } from './trusted-issuer.ts';

const NOT_IF_EMBEDDED = 'Every issuer of the kind STANDARD has one, and none of the kind EMBEDDED.';

/** The input fields that describe an issuer: those without which there is none are required in a new one. */
const inputFields = <Required extends boolean>(t: InputFields, required: Required) => ({
  name: t.string({ required, description: TRUSTED_ISSUER_DESCRIPTIONS.name }),
  issuer: t.string({ description: `${TRUSTED_ISSUER_DESCRIPTIONS.issuer} ${NOT_IF_EMBEDDED}` }),
  audience: t.string({ description: `${TRUSTED_ISSUER_DESCRIPTIONS.audience} ${NOT_IF_EMBEDDED}` }),
  keys: t.field({
    type: ['JSONObject'],
    description: `${TRUSTED_ISSUER_DESCRIPTIONS.keys} Either these or \`jwksUrl\`.`,
  }),
  jwksUrl: t.string({ description: `${TRUSTED_ISSUER_DESCRIPTIONS.jwksUrl} Either this or \`keys\`.` }),
  algorithms: t.stringList({
    description: `${TRUSTED_ISSUER_DESCRIPTIONS.algorithms} With keys and without this, those that the keys name, or the usual ones for them; with a URL, RS256, PS256, ES256 and EdDSA.`,
  }),
  roleIdentifiers: t.field({ type: [RoleIdentifier], required, description: TRUSTED_ISSUER_DESCRIPTIONS.roles }),
  customerIdentifiers: t.field({
    type: [CustomerIdentifier],
    required,
    description: TRUSTED_ISSUER_DESCRIPTIONS.customers,
  }),
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
        description: `${TRUSTED_ISSUER_DESCRIPTIONS.kind} STANDARD if not given. It stays as it is.`,
      }),
      ...inputFields(t, true),
      createsUsers: t.boolean({ description: `${TRUSTED_ISSUER_DESCRIPTIONS.createsUsers} False if not given.` }),
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
      createsUsers: t.boolean({ description: TRUSTED_ISSUER_DESCRIPTIONS.createsUsers }),
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
