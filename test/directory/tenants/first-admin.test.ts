import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  allBut,
  assign,
  eventsAbout,
  mutate,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, graphqlRequest, send, under, type Variables } from '../../shared/gateway.ts';
import { enter, PASSWORD, step } from '../../shared/people.ts';

const ADMIN =
  'admin { id email status invitation { invitedBy { type id } } tenantRoles { totalCount nodes { tenantId roleName } } }';
const PAYLOAD = `tenant { id name users { nodes { id } } } ${ADMIN} invitationLink`;

const newEmail = () => `${unique('admin')}@x.example`;
const tokenIn = (link: string | null): string => link?.split('#token=')[1] ?? '';

/** Whether a link lets anybody in, found out without using it: the password is refused only behind it. */
async function isGood(link: string | null, address: string): Promise<boolean> {
  const { status, text } = await step('accept-invitation', { token: tokenIn(link), password: address });
  expect([400, 401], text).toContain(status);
  return status === 400;
}

const COMMANDS: Record<string, (more: Variables) => Variables> = {
  createTenant: (more) => ({ name: unique('Tenant'), ...more }),
  upsertTenant: (more) => ({ identifier: { externalId: unique('tenant') }, name: unique('Tenant'), ...more }),
};

describe.each(Object.entries(COMMANDS))('%s', (command, input) => {
  it('shows the admin whom it made, and hands out the link that lets them in, in one call', async () => {
    const key = await newKey();
    const adminEmail = newEmail();
    const document = (name: string) => `mutation($input: ${name}Input!) { ${command}(input: $input) {
      ... on ${name}Payload { ${PAYLOAD.replace('totalCount ', '')} } } }`;
    const name = command === 'createTenant' ? 'CreateTenant' : 'UpsertTenant';
    await ask('{ viewer { type } }', {}, key.secret);
    const { data, errors, calls, text } = await ask(
      document(name),
      { input: input({ adminEmail, partnerManaged: false, handOutLink: true }) },
      key.secret,
    );
    expect(errors, text).toEqual([]);
    expect(calls).toBe(1);
    const { tenant, admin, invitationLink } = data[command];
    expect(admin).toEqual({
      id: expect.any(String),
      email: adminEmail,
      status: 'INVITED',
      invitation: { invitedBy: { type: 'API_KEY', id: key.id } },
      tenantRoles: { nodes: [{ tenantId: tenant.id, roleName: 'admin' }] },
    });
    expect(tenant.users.nodes).toEqual([{ id: admin.id }]);
    expect(await eventsAbout(admin.id)).toEqual(['user.created', 'tenantRole.assigned', 'user.linkHandedOut']);
    const accepted = await step('accept-invitation', { token: tokenIn(invitationLink), password: PASSWORD });
    expect(accepted.status, accepted.text).toBe(200);
    expect(accepted.body.user.id).toBe(admin.id);
  });

  it('shows nobody and no link where there is no admin, and no link that nobody asked for', async () => {
    const none = { admin: null, invitationLink: null };
    expect(await succeed(command, PAYLOAD, input({}))).toMatchObject(none);
    expect(await succeed(command, PAYLOAD, input({ handOutLink: true }))).toMatchObject(none);
    const { secret } = await newKey({ permissions: ['tenant:create', 'tenant:edit', 'tenant:read'] });
    const lacking = await succeed(command, 'tenant { id } admin { id } invitationLink', input({}), secret);
    expect(lacking).toMatchObject(none);
    const unasked = await succeed(command, PAYLOAD, input({ adminEmail: newEmail() }));
    expect(unasked).toMatchObject({ admin: { status: 'INVITED' }, invitationLink: null });
  });

  it('shows who was there before, with a link only as long as they have no password and hold no more', async () => {
    const [joined, open, owner] = [
      await newTeamMember(),
      await newTeamMember(),
      await newTeamMember({ roleIdentifier: { name: 'owner' } }),
    ];
    await enter(joined);
    const { secret } = await newKey({ permissions: allBut('organization:edit') });
    const by = (adminEmail: string) => succeed(command, PAYLOAD, input({ adminEmail, handOutLink: true }), secret);
    expect(await by(joined.email)).toMatchObject({ admin: { id: joined.id }, invitationLink: null });
    expect(await by(owner.email)).toMatchObject({ admin: { id: owner.id }, invitationLink: null });
    const { admin, invitationLink } = await by(open.email);
    expect(admin.id).toBe(open.id);
    expect(await isGood(invitationLink, open.email)).toBe(true);
    // A role that is given later ends it: whoever has the link must not gain that.
    const other = await newTenant();
    await assign(open.id, other.id, 'view');
    expect(await isGood(invitationLink, open.email)).toBe(false);
  });

  it('hands out no link that outlasts the key', async () => {
    const { id, secret } = await newKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const adminEmail = newEmail();
    const { invitationLink } = await succeed(command, PAYLOAD, input({ adminEmail, handOutLink: true }), secret);
    expect(await isGood(invitationLink, adminEmail)).toBe(true);
    const { results } = await env.DB.prepare('SELECT expires_at FROM api_key WHERE id = ?').bind(rawId(id)).all();
    const link = await env.DB.prepare(
      'SELECT handed_expires_at AS expires_at FROM mailed_link JOIN user ON user.id = user_id WHERE email = ?',
    )
      .bind(adminEmail)
      .first();
    expect([link]).toEqual(results);
  });

  it('shows the same admin again under the same key, and the link once', async () => {
    const name = command === 'createTenant' ? 'CreateTenant' : 'UpsertTenant';
    const document = `mutation($input: ${name}Input!) { ${command}(input: $input) {
      ... on ${name}Payload { tenant { id } admin { id email } invitationLink } } }`;
    const key = unique('key');
    const variables = { input: input({ adminEmail: newEmail(), handOutLink: true }) };
    const ask = () => send(under(graphqlRequest(document, variables), key));
    const first = (await ask()).data[command];
    expect(first.invitationLink).toMatch(/#token=/);
    // Somebody else who is an admin by then is not the first.
    const later = await newTenantUser(first.tenant.id, { roleIdentifier: { name: 'admin' } });
    expect(later.id).not.toBe(first.admin.id);
    expect((await ask()).data[command]).toEqual({ ...first, invitationLink: null });
  });
});

describe('upsertTenant of a tenant that is there', () => {
  it('shows no admin and hands out no link, whatever the input says', async () => {
    const adminEmail = newEmail();
    const tenant = await newTenant({ adminEmail });
    for (const more of [{ name: unique('Tenant') }, {}]) {
      const input = { identifier: { id: tenant.id }, ...more, adminEmail, handOutLink: true };
      const result = await mutate('upsertTenant', 'outcome admin { id } invitationLink', input);
      expect(result).toMatchObject({ outcome: more.name ? 'UPDATED' : 'NOOP', admin: null, invitationLink: null });
    }
  });
});
