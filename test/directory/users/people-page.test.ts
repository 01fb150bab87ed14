import { describe, expect, it } from 'vitest';
import page from '../../../docs/people.md?raw';
import { assign, newTeamMember, newTenant, newTenantUser, unique } from '../../shared/fixtures.ts';
import { type Answer, ask, type Variables } from '../../shared/gateway.ts';
import { enter, join, mailedToken, PASSWORD, signIn, step } from '../../shared/people.ts';

/** The requests of the page, by their names. */
const REQUESTS = new Map(
  [...page.matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, document = '']) => [
    /^(?:query|mutation) (\w+)/.exec(document)?.[1] ?? '',
    document,
  ]),
);
const asked = new Set<string>();

async function request(name: string, variables: Variables = {}, key?: string): Promise<Answer['data']> {
  asked.add(name);
  const { data, errors, text } = await ask(REQUESTS.get(name) ?? `No request is called ${name}`, variables, key);
  expect(errors, text).toEqual([]);
  return data;
}

describe('the page about people', () => {
  it('leads somebody from one tenant to another', async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    await assign(user.id, two.id, 'manage');
    await enter(user);
    const { accessToken } = await signIn(user.email);
    const { viewer } = await request('WhoAmI', {}, accessToken);
    expect(viewer.user).toMatchObject({ email: user.email, lastSignInAt: expect.any(String) });
    expect(viewer.user.tenantRoles.nodes).toEqual([
      { tenantId: one.id, tenantName: one.name, roleName: 'view', isCurrent: true },
      { tenantId: two.id, tenantName: two.name, roleName: 'manage', isCurrent: false },
    ]);
    const { switchTenant } = await request('GoThere', { tenantId: two.id }, accessToken);
    const there = (await request('WhoAmI', {}, switchTenant.accessToken)).viewer;
    expect(there.reach.tenantIds).toEqual([two.id]);
    expect(there.user.tenantRoles.nodes.map(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toEqual([
      false,
      true,
    ]);
  });

  it('says when and where somebody is signed in', async () => {
    const user = await newTeamMember();
    await enter(user);
    await signIn(user.email);
    const { user: found } = await request('WhereSignedIn', { userId: user.id });
    expect(found).toMatchObject({ status: 'ACTIVE', lastSignInAt: expect.any(String) });
    expect(found.sessions.nodes).toEqual([expect.objectContaining({ isCurrent: false })]);
  });

  it('makes an admin, finds the invitation, and takes it back', async () => {
    const adminEmail = `${unique('admin')}@x.example`;
    const { createTenant } = await request('NewTenant', { name: unique('Tenant'), adminEmail });
    expect(createTenant).toMatchObject({ admin: { email: adminEmail, status: 'INVITED' } });
    const found = [];
    for (let after: string | null = null; ; ) {
      const { invitations } = await request('OpenInvitations', { after });
      found.push(...invitations.nodes);
      if (!invitations.pageInfo.hasNextPage) break;
      after = invitations.pageInfo.endCursor;
    }
    expect(found.find(({ user }) => user.email === adminEmail)).toMatchObject({
      user: { id: createTenant.admin.id },
      invitedBy: { type: 'ROOT', id: null },
      isExpired: false,
      lastError: null,
    });
    expect((await request('TakeBack', { email: adminEmail })).revokeInvitation).toEqual({
      user: { status: 'INVITED', invitation: null },
    });
    for (const token of [mailedToken(adminEmail), createTenant.invitationLink.split('#token=')[1]])
      expect((await step('accept-invitation', { token, password: PASSWORD })).status).toBe(401);
    const joined = await newTeamMember();
    await join(joined);
    expect((await request('TakeBack', { email: joined.email })).revokeInvitation.user.status).toBe('ACTIVE');
  });

  it('has no other request', () => expect([...asked].sort()).toEqual([...REQUESTS.keys()].sort()));
});
