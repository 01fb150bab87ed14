import { importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  allBut,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  type Result,
  unique,
} from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, SIGNING_KEYS, type Variables } from '../../shared/gateway.ts';
import { step, tokenOf } from '../../shared/people.ts';
import { api, CUSTOMER_MEMBER } from './api.ts';

describe('roles', () => {
  it('are those that hold no more than the caller, the highest first, each with all that it allows', async () => {
    const { secret } = await newKey({ permissions: ['role:read', 'tenant:read', 'customer:read', 'user:read'] });
    const document =
      '{ organizationRoles { name } customerRoles { id name description level permissions { nodes { name description } } } }';
    const { data } = await api(document, {}, secret);
    expect(data.organizationRoles).toEqual([]);
    expect(data.customerRoles).toEqual([
      {
        id: CUSTOMER_MEMBER,
        name: 'Member',
        description: expect.any(String),
        level: expect.any(Number),
        permissions: {
          nodes: ['customer:read', 'tenant:read', 'user:read'].map((name) => ({
            name,
            description: expect.any(String),
          })),
        },
      },
    ]);
    const role = await newRole({ scope: 'CUSTOMER', permissions: ['customer:read'], level: 100 });
    const all = await api(document);
    expect(all.data.customerRoles[0]).toMatchObject({ id: role.id, level: 100 });
    expect(all.data.organizationRoles.map(({ name }: Result) => name)).toContain('Owner');
  });
});

/** A JWT signed by the key that issuers of tests are registered with. */
async function signedBy(issuer: string, claims: Variables): Promise<string> {
  const [jwk] = JSON.parse(SIGNING_KEYS).keys;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...claims, iss: issuer, aud: PUBLIC_URL, iat: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(await importJWK(jwk, 'EdDSA'));
}

describe('the role of a user', () => {
  it('needs `role:read`, without which nothing is answered: clients take it for granted', async () => {
    const customer = await newCustomer();
    await newCustomerUser(customer.id);
    const { secret } = await newKey({ permissions: allBut('role:read') });
    const answer = await api(
      'query($id: ID!) { customer(id: $id) { users { nodes { role { id } } } } }',
      { id: customer.id },
      secret,
    );
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { missingPermissions: ['role:read'] } }],
    });
  });
});

describe('authenticatedUser', () => {
  const WHOAMI = `query whoami { authenticatedUser { id name email tenantId
    org { id name } customer { id name } role { name } } }`;
  const whoAmI = async (token: string) => (await api(WHOAMI, {}, token)).data.authenticatedUser;
  const organization = async () => (await ask('{ organization { id name } }')).data.organization;
  const described = ({ id, name, email }: Result) => ({ id, name, email });

  it('is a team member of the organization', async () => {
    const user = await newTeamMember();
    const org = await organization();
    expect(await whoAmI(await tokenOf(user.id))).toEqual({
      ...described(user),
      ...{ tenantId: org.id, org, customer: null, role: { name: 'Viewer' } },
    });
  });

  it('is a user of a customer', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id, { roleIdentifier: { name: 'admin' } });
    expect(await whoAmI(await tokenOf(user.id))).toEqual({
      ...described(user),
      ...{ tenantId: (await organization()).id, org: null, customer: { id: customer.id, name: customer.name } },
      role: { name: 'Admin' },
    });
  });

  it('is a user of a tenant, signed in there', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
    expect(await whoAmI(await tokenOf(user.id, tenant.id))).toEqual({
      ...described(user),
      ...{ tenantId: tenant.id, org: null, customer: null, role: null },
    });
  });

  it('is nobody for a key, and no other user is anywhere', async () => {
    const { status, data, errors } = await api(WHOAMI);
    expect([status, data]).toEqual([200, null]);
    expect(errors).toMatchObject([{ message: expect.stringContaining('key'), extensions: { code: 'FORBIDDEN' } }]);
    const member = await newTeamMember();
    const team = await api('{ organization { id name users { nodes { id tenantId org { id name } } } } }');
    const { users, ...org } = team.data.organization;
    expect(users.nodes).toContainEqual({ id: member.id, tenantId: null, org });
    expect(team.calls).toBeLessThanOrEqual(3);
  });

  it('may have come with a JWT that the organization trusts', async () => {
    const customer = await newCustomer();
    const { issuer } = await newTrustedIssuer(customer.id, { createsUsers: true });
    const email = `${unique('embedded')}@x.example`;
    const claims = { sub: unique('sub'), customer: customer.externalId, email, name: 'Emb Edded' };
    const { body } = await step('token', { token: await signedBy(issuer, claims) });
    const me = await api('{ authenticatedUser { email name customer { id } } }', {}, body.accessToken);
    expect(me.data.authenticatedUser).toEqual({ email, name: 'Emb Edded', customer: { id: customer.id } });
    const { data } = await api('{ customers { nodes { id users { nodes { email } } } } }', {}, body.accessToken);
    expect(data.customers.nodes).toEqual([{ id: customer.id, users: { nodes: [{ email }] } }]);
  });
});
