import { describe, expect, it } from 'vitest';
import { ADD, advertiser, CHANGE, CREATE, hub, INVITE } from '../../dialects/capig/hub.ts';
import {
  assign,
  dump,
  mutate,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { type Answer, ask, mailbox, type Variables } from '../../shared/gateway.ts';
import { imported } from '../imports/imported.ts';

/* Whoever is deactivated is let in nowhere: every way to add, invite or appoint a user who exists says so, and does nothing. */

const REACTIVATE = /deactivated: reactivate the user first/;

interface Scene {
  user: Result;
  tenant: Result;
}

const viewer = { roleIdentifier: { name: 'view' } };
const there = ({ tenant }: Scene) => ({ tenantIdentifier: { id: tenant.id }, ...viewer });
const named = ({ user }: Scene) => ({ userIdentifier: { email: user.email } });

/** Asks for it here, and returns the text of the answer. */
const own = (name: string, input: (scene: Scene) => Variables) => async (scene: Scene) =>
  JSON.stringify(await mutate(name, '__typename', input(scene)));
const importing = (kind: 'Tenants' | 'Users', row: (scene: Scene) => Variables) => async (scene: Scene) =>
  JSON.stringify((await imported(kind, [row(scene)])).rows);
const atHub = (document: string, input: (scene: Scene) => Variables) => async (scene: Scene) => {
  const answer: Answer = await hub(document, { input: input(scene) });
  return answer.text;
};

const newTenantOf = ({ user }: Scene) => ({
  externalId: unique('t'),
  name: unique('T'),
  partnerManaged: false,
  adminEmail: user.email,
});

/** Every way, with a tenant where the user has no role yet. */
const WAYS: Record<string, (scene: Scene) => Promise<string>> = {
  assignTenantRole: own('assignTenantRole', (scene) => ({ ...named(scene), ...there(scene) })),
  addTenantUser: own('addTenantUser', (scene) => ({ email: scene.user.email, ...there(scene) })),
  changeRole: own('changeRole', (scene) => ({ ...named(scene), assign: there(scene) })),
  inviteUser: own('inviteUser', named),
  createTenant: own('createTenant', newTenantOf),
  upsertTenant: own('upsertTenant', (scene) => {
    const { externalId, ...tenant } = newTenantOf(scene);
    return { identifier: { externalId }, ...tenant };
  }),
  importTenants: importing('Tenants', newTenantOf),
  'importUsers by e-mail': importing('Users', (scene) => ({ email: scene.user.email, tenantRoles: [there(scene)] })),
  'importUsers by external id': importing('Users', (scene) => ({
    externalId: scene.user.externalId,
    name: 'Renamed',
    tenantRoles: [there(scene)],
  })),
  'addUserWithRole at capig': atHub(ADD, ({ user, tenant }) => ({
    email: user.email,
    roleName: advertiser('view', tenant),
  })),
  'changeRoleForUser at capig': atHub(CHANGE, ({ user, tenant }) => ({
    userId: rawId(user.id),
    roleToAdd: advertiser('view', tenant),
  })),
  'sendInvitation at capig': atHub(INVITE, ({ user }) => ({ email: user.email, userType: 'AGENCY' })),
  'createTenant at capig': atHub(CREATE, ({ user }) => ({
    name: unique('T'),
    adminEmail: user.email,
    canPartnerManage: false,
    eventEnrichment: false,
  })),
};

describe('whoever is deactivated', () => {
  it('is added to no tenant, invited by nobody and made no first admin, by whatever way; once reactivated, by each', async () => {
    for (const [way, ask] of Object.entries(WAYS)) {
      const scene = { user: await newTeamMember({ externalId: unique('u') }), tenant: await newTenant() };
      await succeed('updateUser', 'user { id }', { id: scene.user.id, status: 'DEACTIVATED' });
      const [before, mails] = [await dump(), mailbox.length];
      expect(await ask(scene), way).toMatch(REACTIVATE);
      expect([await dump(), mailbox.length], way).toEqual([before, mails]);
      await succeed('updateUser', 'user { id }', { id: scene.user.id, status: 'ACTIVE' });
      expect(await ask(scene), way).not.toMatch(/deactivated|"errors":\[\{|FAILED|Error"/);
    }
  });

  it('keeps a role that is there: it is exchanged and taken away, and a row that says it again is NOOP', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    await succeed('updateUser', 'user { id }', { id: user.id, status: 'DEACTIVATED' });
    const again = { email: user.email, status: 'DEACTIVATED', tenantRoles: [there({ user, tenant })] };
    expect((await imported('Users', [again])).rows).toMatchObject([{ outcome: 'NOOP' }]);
    await assign(user.id, tenant.id, 'manage');
    const place = { userIdentifier: { id: user.id }, tenantIdentifier: { id: tenant.id } };
    await succeed('revokeTenantRole', 'user { id }', place);
  });

  it('is added by a row that reactivates them, and comes in deactivated by one that creates them so', async () => {
    const tenant = await newTenant();
    const user = await newTeamMember();
    await succeed('updateUser', 'user { id }', { id: user.id, status: 'DEACTIVATED' });
    const tenantRoles = [there({ user, tenant })];
    const fresh = { email: `${unique('new')}@x.example`, status: 'DEACTIVATED', tenantRoles };
    const { rows } = await imported('Users', [{ email: user.email, status: 'ACTIVE', tenantRoles }, fresh]);
    expect(rows).toMatchObject([{ outcome: 'UPDATED', changes: ['status', 'tenantRoles'] }, { outcome: 'CREATED' }]);
    const { data } = await ask('query($e: String!) { userBy(identifier: { email: $e }) { status } }', {
      e: fresh.email,
    });
    expect(data.userBy).toEqual({ status: 'DEACTIVATED' });
  });

  it('is not told apart by who may not see them', async () => {
    const [own, elsewhere] = [await newTenant(), await newTenant()];
    const [on, off] = [await newTenantUser(elsewhere.id), await newTenantUser(elsewhere.id)];
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    const { secret } = await newKey({ tenants: [own.id] });
    const answers = [];
    for (const user of [on, off]) {
      const scene = { user, tenant: own };
      answers.push([
        await mutate('addTenantUser', '__typename', { email: user.email, ...there(scene) }, secret),
        await mutate('assignTenantRole', '__typename', { ...named(scene), ...there(scene) }, secret),
        await mutate('inviteUser', '__typename', named(scene), secret),
        (await imported('Users', [{ email: user.email, tenantRoles: [there(scene)] }], undefined, secret)).rows[0]
          ?.errors,
      ]);
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});
