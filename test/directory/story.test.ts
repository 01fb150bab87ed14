import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { type Result, succeed } from '../shared/fixtures.ts';
import { ask, begin, PUBLIC_URL, type Variables } from '../shared/gateway.ts';
import { mailedToken, PASSWORD, signIn, step } from '../shared/people.ts';

/*
 * What a product does with its directory, from an empty database and with nothing but public requests: it defines a permission
 * of its own, hands it out, and lets another service ask who has it where.
 */

const APPROVE = 'invoice:approve';

/** What the other service has been given: the way to the gateway, and a key of its own. */
interface ServiceEnvironment {
  DIRECTORY: { fetch(request: Request): Promise<Response> };
  KEY: string;
}

const CHECK = `query ($checks: [AccessCheckInput!]!) {
  checkAccess(checks: $checks) { isGood isAllowed name }
}`;

/** A Worker that keeps invoices. It knows nobody, and asks for each request. */
const invoices = {
  async fetch(request: Request, { DIRECTORY, KEY }: ServiceEnvironment): Promise<Response> {
    const [, tenant = ''] = /^\/tenants\/([^/]+)\/invoices\/\d+\/approve$/.exec(new URL(request.url).pathname) ?? [];
    const permissions = [{ permission: APPROVE, tenantIdentifier: { externalId: decodeURIComponent(tenant) } }];
    const checks = [{ credential: request.headers.get('authorization') ?? '', permissions }];
    const answer = await DIRECTORY.fetch(
      new Request(`${PUBLIC_URL}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ query: CHECK, variables: { checks } }),
      }),
    );
    const { data } = await answer.json<{
      data?: { checkAccess: { isGood: boolean; isAllowed: boolean; name: string }[] };
    }>();
    const [access] = data?.checkAccess ?? [];
    if (!access) return new Response('Try again later', { status: 503 });
    if (!access.isGood) return new Response('Who are you?', { status: 401 });
    return access.isAllowed ? new Response(`Approved by ${access.name}`) : new Response('Not here', { status: 403 });
  },
};

const tokenIn = (link: string): string => link.split('#token=')[1] ?? '';

/** Accepts an invitation and signs in. */
async function join(email: string, token: string, more: Variables = {}) {
  const { status, text } = await step('accept-invitation', { token, password: PASSWORD });
  expect(status, text).toBe(200);
  return signIn(email, more);
}

it('a product defines a permission, hands it out in one tenant, and a service asks who has it there', async () => {
  expect((await ask('{ tenants { totalCount } users { totalCount } apiKeys { totalCount } }')).data).toEqual({
    tenants: { totalCount: 0 },
    users: { totalCount: 0 },
    apiKeys: { totalCount: 0 },
  });

  // The operator defines what the product asks for, and the roles that have it.
  await succeed('createPermission', 'permission { name }', {
    name: APPROVE,
    description: 'Approve invoices of any amount.',
  });
  const role = (name: string, permissions: readonly string[]) =>
    succeed('createRole', 'role { id }', { scope: 'TENANT', name, permissions });
  await role('approver', ['tenant:read', APPROVE]);
  await role('head of accounts', [
    'tenant:read',
    'user:read',
    'user:create',
    'user:edit',
    'apiKey:read',
    'apiKey:edit',
    APPROVE,
  ]);

  // It makes two tenants with their admins, and hands out the links.
  const newTenant = async (externalId: string, adminEmail: string) => {
    const made = await succeed('createTenant', 'tenant { id } admin { id email } invitationLink', {
      name: externalId,
      externalId,
      partnerManaged: false,
      adminEmail,
      handOutLink: true,
    });
    expect(made.admin.email).toBe(adminEmail);
    return made as Result;
  };
  const acme = await newTenant('acme', 'ada@acme.example');
  const brightwater = await newTenant('brightwater', 'ben@brightwater.example');
  const ben = await join('ben@brightwater.example', tokenIn(brightwater.invitationLink));

  const ada = await join('ada@acme.example', tokenIn(acme.invitationLink));

  // Nobody grants what they lack, and `admin` is built in and has no permission of the product. So the admin lets in a second
  // one, and gets a role of the operator's that has what she is to hand on.
  const here = { tenantIdentifier: { id: acme.tenant.id } };
  const inviting = (user: object, roleName: string) =>
    succeed(
      'createTenantUser',
      'user { id }',
      { ...user, ...here, roleIdentifier: { name: roleName } },
      ada.accessToken,
    );
  await inviting({ email: 'amy@acme.example' }, 'admin');
  await join('amy@acme.example', mailedToken('amy@acme.example'));
  await succeed('assignTenantRole', 'user { id }', {
    userIdentifier: { id: acme.admin.id },
    ...here,
    roleIdentifier: { name: 'head of accounts' },
  });

  // She invites a colleague, whom the operator adds to the other tenant as well, with a role that may not.
  const colleague = { email: 'cleo@acme.example', name: 'Cleo Colleague' };
  await inviting(colleague, 'approver');
  const there = { tenantIdentifier: { id: brightwater.tenant.id } };
  const cleoIn = await join(colleague.email, mailedToken(colleague.email));
  await succeed('addTenantUser', 'user { id }', { email: colleague.email, ...there, roleIdentifier: { name: 'user' } });

  // A program of the tenant has a key, and the service that keeps invoices has one that may ask, and nothing else.
  const key = await succeed(
    'createApiKey',
    'secret apiKey { id }',
    { name: 'Month end', permissions: [APPROVE], reach: 'TENANTS', tenantIdentifiers: [{ id: acme.tenant.id }] },
    ada.accessToken,
  );
  const service = await succeed('createApiKey', 'secret', {
    name: 'Invoices',
    permissions: ['access:check'],
    reach: 'ORGANIZATION',
  });
  const approve = async (tenant: string, credential: string) => {
    const request = new Request(`https://invoices.example/tenants/${tenant}/invoices/7/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}` },
    });
    const response = await invoices.fetch(request, {
      DIRECTORY: { fetch: (asked) => begin(asked) },
      KEY: service.secret,
    });
    return `${response.status} ${await response.text()}`;
  };

  // Signed in to the other tenant, the colleague may approve nowhere; switched to acme, there alone.
  const elsewhere = await signIn(colleague.email, { tenantId: brightwater.tenant.id });
  expect(decodeJwt(elsewhere.accessToken).permissions).toEqual([]);
  expect(await approve('acme', elsewhere.accessToken)).toBe('403 Not here');
  expect(await approve('brightwater', elsewhere.accessToken)).toBe('403 Not here');
  const { accessToken } = await succeed('switchTenant', 'accessToken', here, elsewhere.accessToken);
  expect(decodeJwt(accessToken).permissions).toEqual([APPROVE]);
  for (const token of [accessToken, cleoIn.accessToken]) {
    expect(await approve('acme', token)).toBe('200 Approved by Cleo Colleague');
    expect(await approve('brightwater', token)).toBe('403 Not here');
  }
  expect(await approve('acme', key.secret)).toBe('200 Approved by Month end');
  expect(await approve('brightwater', key.secret)).toBe('403 Not here');
  // The admin of the other tenant may approve nowhere, and what is no credential for services is none.
  expect(await approve('brightwater', ben.accessToken)).toBe('403 Not here');
  expect(await approve('acme', service.secret)).toBe('403 Not here');
  expect(await approve('acme', 'invented')).toBe('401 Who are you?');

  // What is taken away is gone with the next request.
  await succeed('revokeApiKey', 'apiKey { id }', { id: key.apiKey.id }, ada.accessToken);
  expect(await approve('acme', key.secret)).toBe('401 Who are you?');
  await succeed('updateRole', 'role { id }', { id: (await roleNamed('approver')).id, permissions: ['tenant:read'] });
  expect(await approve('acme', accessToken)).toBe('403 Not here');
  await succeed('signOut', 'sessionCount', { everywhere: true }, accessToken);
  expect(await approve('acme', accessToken)).toBe('401 Who are you?');
});

/** The role of tenants with this name. */
async function roleNamed(name: string): Promise<Result> {
  const { data } = await ask('{ tenants(first: 1) { nodes { availableRoles { id name } } } }');
  return data.tenants.nodes[0].availableRoles.find((role: Result) => role.name === name);
}
