import { beforeAll, describe, expect, it } from 'vitest';
import { credentialName } from '../../../src/directory/access/actor.ts';
import { hiddenTakenLimit } from '../../../src/directory/access/rate-limits.ts';
import { actorOf, countOf } from '../../shared/counters.ts';
import {
  dump,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, graphqlRequest, send, under, type Variables } from '../../shared/gateway.ts';
import { document, email, type Imported, imported, type Kind, outcomes } from './imported.ts';

let tenant: Result;
let customer: Result;
let company: Result;
let member: Result;
let admin: Result;
let owner: Result;
let off: Result;
let known: Result;

beforeAll(async () => {
  tenant = await newTenant();
  customer = await newCustomer({ email: { address: email() }, labels: ['a'] });
  company = await newCustomer();
  known = await newTenant({ description: 'old' });
  member = await newTeamMember({ externalId: unique('u') });
  admin = await newTenantUser(tenant.id, { externalId: unique('u'), roleIdentifier: { name: 'admin' } });
  owner = await newTeamMember({ externalId: unique('u'), roleIdentifier: { name: 'owner' } });
  off = await newTeamMember();
  await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
});

const long = 'x'.repeat(257);
const nobody = { externalId: 'nobody' };
const role = (name: string, tenantIdentifier: Variables = { id: tenant.id }) => ({
  tenantIdentifier,
  roleIdentifier: { name },
});

/** What an error is about, as its code with its paths in the row. */
const problemsOf = ({ path: row, errors }: Imported): string[] =>
  errors
    .flatMap(({ code, path, issues, references }) =>
      (issues ?? references ?? [{ path }]).map((one: { path?: string }) =>
        `${code} ${(one.path ?? '').slice(row.length + 1)}`.trim(),
      ),
    )
    .sort();

/** A row with several things wrong, and all of them: what each row says is true by itself, and nothing else is said. */
const WRONG: [kind: Kind, what: string, row: () => Variables, problems: string[]][] = [
  [
    'Customers',
    'a new one with values that are not valid, a tenant of nobody and a name of another',
    () => ({
      externalId: unique('c'),
      shortName: long,
      email: { address: 'nowhere' },
      name: company.name,
      tenantIdentifiers: [{ id: tenant.id }, nobody],
    }),
    [
      'already_exists name',
      'not_found tenantIdentifiers.1.externalId',
      'validation_failed email.address',
      'validation_failed shortName',
    ],
  ],
  [
    'Customers',
    'a new one without a name, with an address and an id of others',
    () => ({ externalId: unique('c'), email: { address: customer.email.address }, tenantIdentifiers: [nobody] }),
    ['already_exists email.address', 'not_found tenantIdentifiers.0.externalId', 'validation_failed name'],
  ],
  [
    'Customers',
    'a name that is too long is no name that is missing',
    () => ({ externalId: unique('c'), name: long }),
    ['validation_failed name'],
  ],
  [
    'Customers',
    'one that is there, whose new values belong to others',
    () => ({ externalId: customer.externalId, name: company.name, labels: [long] }),
    ['already_exists name', 'validation_failed labels.0'],
  ],
  [
    'Customers',
    'nobody can tell which one',
    () => ({ externalId: long, name: company.name, tenantIdentifiers: [nobody] }),
    ['validation_failed externalId'],
  ],
  [
    'Customers',
    'neither an id nor a short enough name',
    () => ({ name: long, tenantIdentifiers: [nobody] }),
    ['validation_failed externalId', 'validation_failed name'],
  ],
  [
    'Tenants',
    'a new one without a name and an admin, with a url of two lines',
    () => ({ externalId: unique('t'), url: 'a\nb', partnerManaged: false }),
    ['validation_failed adminEmail', 'validation_failed name', 'validation_failed url'],
  ],
  [
    'Tenants',
    'an admin who is deactivated, and no name',
    () => ({ externalId: unique('t'), adminEmail: off.email }),
    ['validation_failed adminEmail', 'validation_failed name'],
  ],
  [
    'Tenants',
    'an admin whose address is none is given all the same',
    () => ({ externalId: unique('t'), name: 'T', partnerManaged: false, adminEmail: 'nowhere' }),
    ['validation_failed adminEmail'],
  ],
  [
    'Tenants',
    'a billing profile and a description',
    () => ({ externalId: known.externalId, description: 'x'.repeat(4097), billing: { billingAddress: { city: '' } } }),
    ['validation_failed billing.billingAddress.city', 'validation_failed description'],
  ],
  [
    'Users',
    'a new one whose address is taken, with roles of nobody and a name that is too long',
    () => ({
      externalId: unique('u'),
      email: member.email,
      name: long,
      roleIdentifier: { name: 'nobody' },
      tenantRoles: [role('view', nobody), role('nobody')],
    }),
    [
      'already_exists email',
      'not_found roleIdentifier.name',
      'not_found tenantRoles.0.tenantIdentifier.externalId',
      'not_found tenantRoles.1.roleIdentifier.name',
      'validation_failed name',
    ],
  ],
  [
    'Users',
    'a new one of a customer, without a role and an address',
    () => ({ externalId: unique('u'), customerIdentifier: nobody }),
    ['not_found customerIdentifier.externalId', 'validation_failed email', 'validation_failed roleIdentifier'],
  ],
  [
    'Users',
    'an owner who is demoted and deactivated, with an address of another',
    () => ({
      externalId: owner.externalId,
      email: member.email,
      status: 'DEACTIVATED',
      roleIdentifier: { name: 'viewer' },
    }),
    ['already_exists email', 'validation_failed roleIdentifier', 'validation_failed status'],
  ],
  [
    'Users',
    'an admin of a tenant who is demoted, with a phone that is too long and a tenant twice',
    () => ({ externalId: admin.externalId, phone: long, tenantRoles: [role('view'), role('view')] }),
    [
      'validation_failed phone',
      'validation_failed tenantRoles.0.roleIdentifier',
      'validation_failed tenantRoles.1.roleIdentifier',
      'validation_failed tenantRoles.1.tenantIdentifier',
    ],
  ],
  [
    'Users',
    'an address that is none, and the role of nobody: which user it is, is known',
    () => ({ externalId: member.externalId, email: 'nowhere', tenantRoles: [role('view', nobody)] }),
    ['not_found tenantRoles.0.tenantIdentifier.externalId', 'validation_failed email'],
  ],
];

describe('the answer of a row that fails', () => {
  it.each(WRONG)('%s: %s', async (kind, _, row, problems) => {
    const before = await dump();
    const { rows } = await imported(kind, [row()]);
    expect(outcomes(rows)).toEqual(['FAILED']);
    expect(problemsOf(rows[0] as Imported), JSON.stringify(rows)).toEqual(problems);
    expect(await dump()).toBe(before);
  });

  it('says one thing of who may not make the change, and nothing of what is hidden beside another reason', async () => {
    const [own, elsewhere] = [await newTenant(), await newTenant()];
    const hidden = await newTenantUser(elsewhere.id, { externalId: unique('u') });
    const { secret } = await newKey({ tenants: [own.id] });
    const here = [role('view', { id: own.id })];
    const rows = [
      { email: hidden.email, name: long, tenantRoles: here },
      { email: hidden.email, tenantRoles: [...here, role('view', { id: elsewhere.id })] },
      { email: hidden.email, name: 'N', roleIdentifier: { name: 'viewer' }, tenantRoles: [role('nobody')] },
      { email: hidden.email, tenantRoles: here },
    ];
    const said = [];
    for (const row of rows) {
      const { rows: answered } = await imported('Users', [row], undefined, secret);
      said.push(...answered.map(problemsOf));
    }
    expect(said).toEqual([
      ['validation_failed name'],
      ['not_found tenantRoles.1.tenantIdentifier.id'],
      ['out_of_reach'],
      ['already_exists email'],
    ]);
  });
});

/** What a row would do, and the fields of it that differ. */
const FORESEEN: [kind: Kind, row: () => Variables, outcome: string, changes: string[]][] = [
  ['Customers', () => ({ externalId: unique('c'), name: unique('N') }), 'CREATED', []],
  [
    'Customers',
    () => ({
      ...{ externalId: customer.externalId, name: customer.name, kind: 'PERSON', description: 'd', shortName: 's' },
      ...{ labels: ['b'], email: { address: customer.email.address, isVerified: true } },
    }),
    'UPDATED',
    ['kind', 'shortName', 'email', 'description', 'labels'],
  ],
  ['Customers', () => ({ externalId: customer.externalId, name: `${customer.name}!` }), 'UPDATED', ['name']],
  ['Customers', () => ({ externalId: null, email: { address: customer.email.address } }), 'UPDATED', ['externalId']],
  ['Customers', () => ({ externalId: customer.externalId, labels: ['a'], name: customer.name }), 'NOOP', []],
  ['Customers', () => ({ externalId: unique('c') }), 'FAILED', []],
  ['Tenants', () => ({ externalId: unique('t'), name: 'T', adminEmail: email() }), 'CREATED', []],
  [
    'Tenants',
    () => ({ externalId: known.externalId, name: 'Other', test: true, billing: { vatId: '1', taxExempt: 'REVERSE' } }),
    'UPDATED',
    ['name', 'test', 'billing'],
  ],
  ['Tenants', () => ({ externalId: known.externalId, description: 'old', adminEmail: email() }), 'NOOP', []],
  ['Users', () => ({ email: email(), tenantRoles: [role('view')] }), 'CREATED', []],
  [
    'Users',
    () => ({ externalId: member.externalId, email: email(), name: 'M', tenantRoles: [role('view')] }),
    'UPDATED',
    ['email', 'name', 'tenantRoles'],
  ],
  [
    'Users',
    () => ({ externalId: member.externalId, status: 'DEACTIVATED', roleIdentifier: { name: 'member' } }),
    'UPDATED',
    ['roleIdentifier', 'status'],
  ],
  ['Users', () => ({ externalId: admin.externalId, tenantRoles: [role('admin')] }), 'NOOP', []],
  ['Users', () => ({ externalId: admin.externalId, status: 'DEACTIVATED' }), 'FAILED', []],
];

describe('a dry run', () => {
  it('says of each row what would become of it, whatever becomes of the others, and writes nothing', async () => {
    const before = await dump();
    for (const kind of ['Customers', 'Tenants', 'Users'] as const) {
      const of = FORESEEN.filter(([one]) => one === kind);
      for (const [, row, outcome, changes] of of) {
        const { rows, calls } = await imported(kind, [row()], 'REJECT_ALL', undefined, true);
        expect(rows, JSON.stringify(row())).toMatchObject([{ outcome, changes, path: 'rows.0' }]);
        expect(rows[0]?.id === null, outcome).toBe(outcome === 'CREATED' || outcome === 'FAILED');
        expect(rows[0]?.errors.length === 0, outcome).toBe(outcome !== 'FAILED');
        expect(calls).toBe(1);
      }
    }
    const mixed = [{ externalId: unique('c') }, { externalId: unique('c'), name: unique('N') }];
    const { rows } = await imported('Customers', mixed, 'REJECT_ALL', undefined, true);
    expect(outcomes(rows)).toEqual(['FAILED', 'CREATED']);
    expect(await dump()).toBe(before);
  });

  it('keeps nothing under a key, and does not stand in the way of the import', async () => {
    const rows = [{ externalId: unique('c'), name: unique('N') }];
    const key = unique('key');
    const asked = async (dryRun: boolean) => {
      const answer = await send(under(graphqlRequest(document('Customers'), { input: { rows, dryRun } }), key));
      return answer.data.importCustomers.rows[0];
    };
    const before = await dump();
    expect([await asked(true), await asked(true)]).toMatchObject([{ outcome: 'CREATED' }, { outcome: 'CREATED' }]);
    expect(await dump()).toBe(before);
    const done = await asked(false);
    expect(done).toMatchObject({ outcome: 'CREATED', id: expect.any(String) });
    expect(await asked(false)).toEqual(done);
  });

  it('answers a repetition with the changes of the first run', async () => {
    const one = await newCustomer();
    const rows = [{ externalId: one.externalId, shortName: 'S' }, { externalId: unique('c') }];
    const key = unique('key');
    const asked = () =>
      send(under(graphqlRequest(document('Customers'), { input: { rows, errorPolicy: 'SKIP_FAILED' } }), key));
    const [first, second] = [await asked(), await asked()];
    expect(first.data.importCustomers.rows[0]).toMatchObject({ outcome: 'UPDATED', changes: ['shortName'] });
    expect(second.data).toEqual(first.data);
  });

  it('is not for who may not read what is there', async () => {
    const input = { rows: [{ externalId: customer.externalId, labels: ['a'] }], dryRun: true };
    const blind = await newKey({ permissions: ['customer:create', 'customer:edit'] });
    const { data } = await ask(document('Customers'), { input }, blind.secret);
    expect(data.importCustomers).toMatchObject({ code: 'insufficient_permissions' });
  });

  it('is told of what is hidden as often as an import', async () => {
    const [own, elsewhere] = [await newTenant(), await newTenant()];
    const hidden = await newTenantUser(elsewhere.id);
    const key = await newKey({ tenants: [own.id] });
    const limit = hiddenTakenLimit(credentialName(actorOf(key)));
    const row = { email: hidden.email, tenantRoles: [role('view', { id: own.id })] };
    const { rows } = await imported('Users', [row], undefined, key.secret, true);
    expect(rows[0]?.error).toMatchObject({ code: 'already_exists' });
    expect(await countOf(limit)).toBe(1);
  });
});
