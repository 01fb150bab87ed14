import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  assign,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { mailbox, type Variables } from '../../shared/gateway.ts';
import { enter, mailedToken, step } from '../../shared/people.ts';
import { rememberAll, rewind } from '../../shared/rewind.ts';

const PAYLOAD =
  'outcome invitationLink user { id email name externalId status version role { name } customer { id } defaultTenant { id } tenantRoles { nodes { tenant { id } role { name } } } }';
const upsert = (input: Variables, key?: string) => mutate('upsertUser', PAYLOAD, input, key);

let tenant: Result;
let other: Result;
let customer: Result;
let otherCustomer: Result;
/** One of each kind, with an external id; the member of the tenant has a role in the other one, too. */
let team: Result;
let member: Result;
let guest: Result;
let owner: Result;
let admin: Result;
let off: Result;
const keys: Record<string, string> = {};

beforeAll(async () => {
  [tenant, other, customer, otherCustomer] = [
    await newTenant(),
    await newTenant(),
    await newCustomer(),
    await newCustomer(),
  ];
  const known = () => ({ externalId: unique('crm') });
  team = await newTeamMember(known());
  member = await newCustomerUser(customer.id, known());
  guest = await newTenantUser(tenant.id, known());
  await assign(guest.id, other.id, 'view');
  owner = await newTeamMember({ ...known(), roleIdentifier: { name: 'owner' } });
  admin = await newTenantUser(tenant.id, { ...known(), roleIdentifier: { name: 'admin' } });
  off = await newCustomerUser(customer.id, known());
  await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
  keys.tenant = (await newKey({ tenants: [tenant.id] })).secret;
  keys.customer = (await newKey({ customer: customer.id })).secret;
  keys.weak = (await newKey({ permissions: ['user:create', 'user:edit', 'user:read'] })).secret;
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  keys.ending = (await newKey({ expiresAt })).secret;
  await rememberAll();
  await countChanges();
});
beforeEach(() => rewind().run());

const places = (): [name: string, place: Variables, shown: Variables][] => [
  ['the organization', { roleIdentifier: { name: 'member' } }, { role: { name: 'member' }, customer: null }],
  [
    'a customer',
    { roleIdentifier: { name: 'member' }, customerIdentifier: { externalId: customer.externalId } },
    { role: { name: 'member' }, customer: { id: customer.id } },
  ],
  [
    'a tenant',
    { roleIdentifier: { name: 'view' }, tenantIdentifier: { externalId: tenant.externalId } },
    {
      role: null,
      defaultTenant: { id: tenant.id },
      tenantRoles: { nodes: [{ tenant: { id: tenant.id }, role: { name: 'view' } }] },
    },
  ],
];

describe('upsertUser', () => {
  it('creates and invites a user in each place, changes them, and does nothing where nothing differs', async () => {
    for (const [name, place, shown] of places()) {
      const email = `${unique('new')}@x.example`;
      const externalId = unique('crm');
      const input = { identifier: { externalId }, email, name: 'Lisa', ...place };
      const created = await upsert({ ...input, handOutLink: true });
      expect(created, name).toMatchObject({
        outcome: 'CREATED',
        user: { email, externalId, status: 'INVITED', ...shown },
      });
      const token = created.invitationLink.split('#token=')[1];
      const before = await changes();
      for (const identifier of [{ externalId }, { email: email.toUpperCase() }, { id: created.user.id }]) {
        const again = await upsert({ ...input, identifier, externalId, handOutLink: true });
        expect(again, name).toMatchObject({
          outcome: 'NOOP',
          invitationLink: null,
          user: { id: created.user.id, version: 1 },
        });
      }
      expect(await changes()).toBe(before);
      const changed = await upsert({ ...input, name: null, phone: '+1' });
      expect(changed).toMatchObject({ outcome: 'UPDATED', user: { name: null, version: 2 } });
      expect(mailbox.filter(({ to }) => to === email)).toHaveLength(1);
      expect((await step('accept-invitation', { token, password: 'correct horse, battery staple' })).status).toBe(200);
    }
  });

  it('is the one user for two who ask at once', async () => {
    const email = `${unique('race')}@x.example`;
    const input = { identifier: { email }, ...places()[0]?.[1] };
    const results = await Promise.all([upsert(input), upsert(input), upsert(input)]);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['CREATED', 'NOOP', 'NOOP']);
    expect(new Set(results.map(({ user }) => user.id)).size).toBe(1);
    expect(await eventsAbout(results[0]?.user.id)).toEqual(['user.created']);
  });

  it('gives somebody who exists a role in a tenant, or another one there or of their own', async () => {
    const given = (name: string, tenantIdentifier?: Variables) => ({
      identifier: { externalId: guest.externalId },
      roleIdentifier: { name },
      tenantIdentifier,
    });
    const [before, there] = [await changes(), { externalId: other.externalId }];
    expect(await upsert(given('view', there))).toMatchObject({ outcome: 'NOOP' });
    expect(await changes()).toBe(before);
    const changed = await upsert(given('manage', there));
    expect(changed).toMatchObject({ outcome: 'UPDATED', user: { version: 1 } });
    expect(changed.user.tenantRoles.nodes).toContainEqual({ tenant: { id: other.id }, role: { name: 'manage' } });
    expect((await eventsAbout(guest.id)).at(-1)).toBe('tenantRole.assigned');

    const promoted = await upsert({ identifier: { email: member.email }, roleIdentifier: { name: 'admin' } });
    expect(promoted).toMatchObject({
      outcome: 'UPDATED',
      user: { role: { name: 'admin' }, customer: { id: customer.id } },
    });
    const both = await upsert({ ...given('user', { id: tenant.id }), identifier: { email: team.email }, phone: '2' });
    expect(both).toMatchObject({ outcome: 'UPDATED', user: { role: { name: 'viewer' }, version: 2 } });
    expect((await eventsAbout(team.id)).slice(-2)).toEqual(['user.updated', 'tenantRole.assigned']);
    expect(mailbox.filter(({ to }) => to === team.email)).toHaveLength(1);
  });

  it('ends the access of another address, and invites that anew', async () => {
    await enter(member);
    const email = `${unique('moved')}@x.example`;
    const moved = await upsert({ identifier: { externalId: member.externalId }, email });
    expect(moved).toMatchObject({ outcome: 'UPDATED', user: { id: member.id, email, status: 'INVITED' } });
    expect(mailedToken(email)).toBeTruthy();
    // The same call finds the same user the next time.
    expect(await upsert({ identifier: { externalId: member.externalId }, email })).toMatchObject({ outcome: 'NOOP' });
    const gone = await upsert({
      identifier: { email: member.email },
      externalId: member.externalId,
      ...places()[0]?.[1],
    });
    expect(gone).toMatchObject({ code: 'already_exists', path: 'externalId', existing: { id: member.id } });
  });

  it('answers what is wrong with its path, and changes nothing', async () => {
    const named = (of: Result) => ({ identifier: { externalId: of.externalId } });
    const place = (at: number) => places()[at]?.[1] ?? {};
    const unknown = { identifier: { email: 'nobody@x.example' } };
    const wrong: [Variables, Variables, key?: string | undefined][] = [
      [unknown, { issues: [{ path: 'roleIdentifier', kind: 'REQUIRED' }] }],
      [
        { identifier: { externalId: 'nobody' } },
        { issues: [{ path: 'email' }, { path: 'roleIdentifier' }].map((issue) => ({ ...issue, kind: 'REQUIRED' })) },
      ],
      [{ ...unknown, email: null }, { issues: [{ path: 'email' }] }],
      [{ ...named(team), externalId: null }, { issues: [{ path: 'externalId' }] }],
      [{ ...unknown, ...place(1), ...place(2) }, { issues: [{ path: 'tenantIdentifier' }] }],
      [{ ...named(guest), tenantIdentifier: { id: other.id } }, { issues: [{ path: 'roleIdentifier' }] }],
      [
        { ...named(member), ...place(1), customerIdentifier: { id: otherCustomer.id } },
        { issues: [{ path: 'customerIdentifier' }] },
      ],
      [{ ...named(team), ...place(1) }, { issues: [{ path: 'customerIdentifier' }] }],
      [{ ...named(off), ...place(2) }, { issues: [{ path: 'identifier.externalId' }] }],
      [{ ...named(guest), roleIdentifier: { name: 'member' } }, { references: [{ path: 'roleIdentifier.name' }] }],
      [
        { ...unknown, ...place(0), roleIdentifier: { name: 'view' } },
        { references: [{ path: 'roleIdentifier.name' }] },
      ],
      [
        { ...unknown, ...place(2), tenantIdentifier: { externalId: 'none' } },
        { references: [{ path: 'tenantIdentifier.externalId' }] },
      ],
      [
        { ...unknown, ...place(1), customerIdentifier: { email: 'no@x.example' } },
        { references: [{ path: 'customerIdentifier.email' }] },
      ],
      [{ identifier: { id: team.id.replace(/.$/, '') } }, { issues: [{ path: 'identifier.id' }] }],
      [
        { ...named(team), email: member.email },
        { path: 'email', existing: { id: member.id } },
      ],
      [
        { ...named(team), externalId: member.externalId },
        { path: 'externalId', existing: { id: member.id } },
      ],
      [{ ...named(owner), roleIdentifier: { name: 'admin' } }, { code: 'last_owner' }],
      [
        { ...named(admin), ...place(2) },
        { code: 'last_admin', tenantIds: [tenant.id] },
      ],
      // Nobody grants, takes over or ends what they lack.
      [{ ...named(owner), phone: '9' }, { code: 'insufficient_permissions' }, keys.weak],
      [{ ...unknown, ...place(0) }, { code: 'insufficient_permissions' }, keys.weak],
      [
        { ...named(guest), ...place(2), roleIdentifier: { name: 'manage' } },
        { code: 'insufficient_permissions' },
        keys.weak,
      ],
      [{ ...named(team), roleIdentifier: { name: 'owner' } }, { code: 'out_of_reach' }, keys.ending],
      [{ ...named(owner), email: 'taken-over@x.example' }, { code: 'out_of_reach' }, keys.ending],
      [{ ...unknown, roleIdentifier: { name: 'owner' } }, { code: 'out_of_reach' }, keys.ending],
      // Reach: a user in part, in none of it, and a place where the key may create nobody.
      [{ ...named(guest), phone: '9' }, { code: 'out_of_reach' }, keys.tenant],
      [{ ...named(member), phone: '9' }, { code: 'out_of_reach' }, keys.tenant],
      [
        { ...named(member), email: `${unique('m')}@x.example`, ...place(2) },
        { code: 'already_exists', path: 'identifier.externalId', existing: null },
        keys.tenant,
      ],
      [{ ...unknown, ...place(0) }, { code: 'out_of_reach' }, keys.customer],
      [{ ...unknown, ...place(2) }, { code: 'out_of_reach' }, keys.customer],
      [{ ...unknown, ...place(1) }, { code: 'out_of_reach' }, keys.tenant],
    ];
    const before = await changes();
    for (const [input, error, key] of wrong) {
      const result = await upsert(input, key);
      expect(result, JSON.stringify([input, result])).toMatchObject(error);
    }
    expect(await changes()).toBe(before);
  });
});

/** What a row of an import and an upsert say of the same user. */
describe('upsertUser does what the import of a row does', () => {
  const subjects = () => ({
    team,
    member,
    guest,
    nobody: { externalId: unique('x'), email: `${unique('x')}@x.example` },
  });
  const asks = (): [name: string, details: Variables, tenantRole?: string][] => [
    ['nothing', {}],
    ['another name', { name: 'Somebody Else' }],
    ['another address', { email: `${unique('elsewhere')}@x.example` }],
    ['an address that is taken', { email: owner.email }],
    ['their own role again or another', { roleIdentifier: { name: 'member' } }],
    ['a role that holds more', { roleIdentifier: { name: 'admin' } }],
    ['no such role', { roleIdentifier: { name: 'nobody' } }],
    ['a role of the customer', { roleIdentifier: { name: 'member' }, customerIdentifier: { id: '' } }],
    ['a role in the tenant', {}, 'user'],
    ['a strong role in the tenant', {}, 'strong'],
  ];

  it('for every kind of user, viewer and change', { timeout: 60_000 }, async () => {
    const strong = await newRole({ permissions: ['tenant:delete'] });
    const seen = new Set<string>();
    for (const viewer of ['root', 'tenant', 'customer', 'weak']) {
      for (const [who, { externalId, email }] of Object.entries(subjects())) {
        for (const [what, details, tenantRole] of asks()) {
          if ('customerIdentifier' in details) details.customerIdentifier = { id: customer.id };
          const role = { name: tenantRole === 'strong' ? strong.name : tenantRole };
          const there = { tenantIdentifier: { id: tenant.id }, roleIdentifier: role };
          const given = { email, ...details };
          const key = keys[viewer];
          await rewind().run();
          const row = { externalId, ...given, ...(tenantRole && { tenantRoles: [there] }) };
          const { rows } = await succeed('importUsers', 'rows { outcome errors { code } }', { rows: [row] }, key);
          await rewind().run();
          const input = { identifier: { externalId }, ...given, ...(tenantRole && there) };
          const { outcome, code } = await upsert(input, key);
          const imported = rows[0].errors[0]?.code ?? rows[0].outcome;
          seen.add(imported);
          // Without a place, an upsert is about the organization, and a row about no place yet.
          const isAnywhere = imported === 'validation_failed' && what !== 'a role of the customer';
          const expected = isAnywhere && viewer === 'tenant' ? 'out_of_reach' : imported;
          expect(outcome ?? code, `${viewer} gives ${who} ${what}`).toBe(expected);
        }
      }
    }
    expect([...seen].sort()).toEqual(
      [
        'CREATED',
        'NOOP',
        'UPDATED',
        'already_exists',
        'insufficient_permissions',
        'not_found',
        'out_of_reach',
        'validation_failed',
      ].sort(),
    );
  });
});
