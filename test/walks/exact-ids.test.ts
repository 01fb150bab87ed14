import { type GraphQLInputType, getNamedType, isInputObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema as capig } from '../../src/dialects/capig/schema.ts';
import { schema as plain } from '../../src/dialects/plain/schema.ts';
import { schema as prismatic } from '../../src/dialects/prismatic/schema.ts';
import { schema } from '../../src/graphql/schema.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { mutate, newCustomer, newPixel, newTenant, newTrustedIssuer, PUBLIC_KEY, unique } from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { entryOf } from './operations.ts';

/*
 * An id of a caller's own that is compared to the letter would be another one without the white space around it. So it is
 * taken as it is, or refused, and never trimmed. Its description says `to the letter`: whatever says so is tried.
 */

const SPACES = [' ', '  ', '\t', '\n', '\r\n', '\v', '\u00a0', '\u1680', '\u2003', '\u2028', '\u3000', '\ufeff'];

let ids: Record<'pixel' | 'customer' | 'issuer', string>;
beforeAll(async () => {
  await countChanges();
  const [tenant, customer] = [await newTenant(), await newCustomer()];
  ids = {
    pixel: (await newPixel(tenant.id)).id,
    customer: customer.id,
    issuer: (await newTrustedIssuer(customer.id)).id,
  };
});

const newIssuer = () => ({
  name: unique('Issuer'),
  issuer: unique('issuer'),
  audience: unique('audience'),
  keys: [PUBLIC_KEY],
  roleIdentifiers: [{ name: 'member' }],
  customerIdentifiers: [{ id: ids.customer }],
});

/** By the input type and field: the mutation, where in its input it stands, and the input with this value there. */
const FIELDS: Record<string, [mutation: string, path: string, input: (value: string) => Variables]> = {
  'TrafficEntryInput.entryId': [
    'recordTraffic',
    'entries.0.entryId',
    (entryId) => ({ entries: [{ ...entryOf(ids.pixel), entryId }] }),
  ],
  'CreateTrustedIssuerInput.issuer': ['createTrustedIssuer', 'issuer', (issuer) => ({ ...newIssuer(), issuer })],
  'CreateTrustedIssuerInput.audience': [
    'createTrustedIssuer',
    'audience',
    (audience) => ({ ...newIssuer(), audience }),
  ],
  'UpdateTrustedIssuerInput.issuer': ['updateTrustedIssuer', 'issuer', (issuer) => ({ id: ids.issuer, issuer })],
  'UpdateTrustedIssuerInput.audience': [
    'updateTrustedIssuer',
    'audience',
    (audience) => ({ id: ids.issuer, audience }),
  ],
};

/** What looks like one by its name: ids of ours, and what is compared without regard to case or not at all. */
const OTHERS = [
  'BillingProfileInput.vatId',
  'ChangeRoleForUserInput.userId',
  'CustomerGroupMembershipsFilter.customerGroupExternalIds',
  'SendInvitationInput.tenantId',
  'UpdateTenantInput.tenantId',
];

const isText = (type: GraphQLInputType) => ['String', 'ID'].includes(getNamedType(type).name);

/** Every text in an input of an API that says that it is compared to the letter, or looks by its name like such an id. */
const SAID = [schema, plain, prismatic, capig]
  .flatMap((api) => Object.values(api.getTypeMap()))
  .flatMap((type) => (isInputObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : []))
  .filter(
    ({ field: { name, type, description } }) =>
      (isText(type) && description?.includes('to the letter')) ||
      (getNamedType(type).name === 'String' && /^(?!external)\w+Ids?$/.test(name)),
  )
  .map(({ type, field }) => `${type.name}.${field.name}`);

describe('an id that is compared to the letter', () => {
  it('is one that is tried below', () => {
    expect([...new Set(SAID)].sort()).toEqual([...Object.keys(FIELDS), ...OTHERS].sort());
  });

  for (const [field, [mutation, path, input]] of Object.entries(FIELDS)) {
    it(`is refused with white space around it, and taken with any within: ${field}`, async () => {
      const before = await changes();
      for (const space of SPACES) {
        for (const value of [`${space}x`, `x${space}`, `${space}x${space}`]) {
          const { issues } = await mutate(mutation, '__typename', input(value));
          expect(
            issues?.map((issue: { path: string }) => issue.path),
            JSON.stringify(value),
          ).toContain(path);
        }
      }
      expect(await changes()).toBe(before);
      for (const value of ['x  y', 'X', 'x', 'e\u0301', '\u00e9'].map((text) => unique(text))) {
        const { __typename } = await mutate(mutation, '__typename', input(value));
        expect(__typename, value).toMatch(/Payload$/);
      }
    });
  }

  it('is shown as it was given, and is another one in another case', async () => {
    const issuer = unique('Case  e\u0301');
    const made = [];
    for (const given of [issuer, issuer.toUpperCase(), issuer.normalize('NFC')])
      made.push(await mutate('createTrustedIssuer', 'trustedIssuer { issuer }', { ...newIssuer(), issuer: given }));
    expect(made.map(({ trustedIssuer }) => trustedIssuer?.issuer)).toEqual([
      issuer,
      issuer.toUpperCase(),
      issuer.normalize('NFC'),
    ]);
    const again = await mutate('createTrustedIssuer', '__typename', { ...newIssuer(), issuer });
    expect(again).toMatchObject({ __typename: 'AlreadyExistsError', path: 'issuer' });
    const { data } = await ask('{ trustedIssuers(first: 100) { nodes { issuer } } }');
    expect(data.trustedIssuers.nodes.map((node: { issuer: string }) => node.issuer)).toContain(issuer);
  });
});
