import { describe, expect, it } from 'vitest';
import {
  dump,
  eventsAbout,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  tenantsOf,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { document, email, imported, outcomes } from './imported.ts';

describe('an import of customers', () => {
  it('creates, changes and leaves alone, by external id or e-mail, and says so for each row', async () => {
    const tenant = await newTenant();
    const [byId, byEmail, same] = [
      await newCustomer(),
      await newCustomer({ externalId: null, email: { address: email(), isVerified: true } }),
      await newCustomer({ labels: ['a'] }),
    ];
    const fresh = { externalId: unique('new'), name: unique('New'), email: { address: email() }, labels: ['x', 'x'] };
    const { rows, calls } = await imported('Customers', [
      { ...fresh, tenantIdentifiers: [{ externalId: tenant.externalId }] },
      { externalId: ` ${byId.externalId} `, description: 'changed' },
      { email: { address: byEmail.email.address.toUpperCase() }, shortName: 'B' },
      { externalId: same.externalId, name: same.name, labels: ['a'] },
    ]);
    expect(outcomes(rows)).toEqual(['CREATED', 'UPDATED', 'UPDATED', 'NOOP']);
    expect(rows.map(({ path }) => path)).toEqual(['rows.0', 'rows.1', 'rows.2', 'rows.3']);
    expect(rows.slice(1).map(({ id }) => id)).toEqual([byId.id, byEmail.id, same.id]);
    expect(calls).toBe(2);
    const id = rows[0]?.id ?? '';
    expect(await tenantsOf(id)).toEqual([tenant.id]);
    const { data } = await ask(
      `query($a: ID!, $b: ID!, $c: ID!) { a: customer(id: $a) { name kind labels version email { address isVerified } }
        b: customer(id: $b) { description version } c: customer(id: $c) { shortName email { address isVerified } } }`,
      { a: id, b: byId.id, c: byEmail.id },
    );
    expect(data.a).toEqual({
      name: fresh.name,
      kind: 'COMPANY',
      labels: ['x'],
      version: 1,
      email: { address: fresh.email.address, isVerified: false },
    });
    expect(data.b).toEqual({ description: 'changed', version: byId.version + 1 });
    expect(data.c).toEqual({
      shortName: 'B',
      email: { address: byEmail.email.address.toUpperCase(), isVerified: true },
    });
    expect(await eventsAbout(id)).toEqual(['customer.created', 'membership.created']);
    expect(await eventsAbout(byId.id)).toEqual(['customer.created', 'customer.updated']);
    expect(await eventsAbout(same.id)).toEqual(['customer.created']);
  });

  it('takes at most three D1 calls for 500 rows, and one to find that nothing differs', async () => {
    const rows = Array.from({ length: 500 }, () => ({ externalId: unique('bulk'), name: unique('Bulk') }));
    const first = await imported('Customers', rows);
    expect(new Set(outcomes(first.rows))).toEqual(new Set(['CREATED']));
    expect(first.calls).toBeLessThanOrEqual(3);
    const before = await dump();
    const second = await imported('Customers', rows);
    expect(new Set(outcomes(second.rows))).toEqual(new Set(['NOOP']));
    expect(second.calls).toBe(1);
    expect(await dump()).toBe(before);
    const many = await ask(document('Customers'), { input: { rows: [...rows, ...rows.slice(0, 1)] } });
    expect(many.data.importCustomers).toMatchObject({ code: 'validation_failed' });
  });

  const taken = async () => {
    const [one, other] = [await newCustomer({ email: { address: email() } }), await newCustomer()];
    return { one, other };
  };

  it('refuses all rows for one that fails, unless failed ones are to be skipped', async () => {
    const { one, other } = await taken();
    const twice = unique('twice');
    const rows = [
      { externalId: unique('good'), name: unique('Good') },
      { externalId: unique('bad') },
      { externalId: unique('bad'), name: 'x'.repeat(257), email: { address: 'nowhere' } },
      { name: unique('nobody') },
      { externalId: unique('bad'), name: unique('Bad'), tenantIdentifiers: [{ externalId: 'nobody' }] },
      { externalId: unique('bad'), name: other.name.toUpperCase() },
      { externalId: other.externalId, email: { address: one.email.address } },
      { externalId: twice, name: unique('Twice') },
      { externalId: twice, name: unique('Twice') },
      { externalId: one.externalId, description: 'first' },
      { email: { address: one.email.address }, description: 'second' },
    ];
    const before = await dump();
    const refused = await imported('Customers', rows);
    expect(await dump()).toBe(before);
    expect(new Set(outcomes(refused.rows))).toEqual(new Set(['FAILED']));
    const codes = refused.rows.map(({ error }) => error.code);
    const { rows: skipped } = await imported('Customers', rows, 'SKIP_FAILED');
    expect(outcomes(skipped)).toEqual(['CREATED', ...Array.from({ length: 10 }, () => 'FAILED')]);
    for (const [index, row] of skipped.entries())
      expect(codes[index]).toBe(row.error === null ? 'import_rejected' : row.error.code);
    expect(skipped[1]?.error).toMatchObject({ issues: [{ path: 'rows.1.name', kind: 'REQUIRED' }] });
    expect(skipped[2]?.error.issues.map(({ path }: { path: string }) => path).sort()).toEqual([
      'rows.2.email.address',
      'rows.2.name',
    ]);
    expect(skipped[3]?.error).toMatchObject({ issues: [{ path: 'rows.3.externalId', kind: 'REQUIRED' }] });
    expect(skipped[4]?.error).toMatchObject({ references: [{ path: 'rows.4.tenantIdentifiers.0.externalId' }] });
    expect(skipped[5]?.error).toMatchObject({ code: 'already_exists', path: 'rows.5.name', existing: null });
    expect(skipped[6]?.error).toMatchObject({ code: 'already_exists', path: 'rows.6.email.address' });
    for (const [at, other] of [
      [7, 8],
      [8, 7],
    ]) {
      expect(skipped[at as number]?.errors).toMatchObject(
        ['externalId'].map((field) => ({
          ...{ code: 'already_exists', path: `rows.${at}.${field}` },
          message: `The value given at rows.${at}.${field} is that of rows.${other}, too.`,
        })),
      );
    }
    expect([skipped[9]?.error, skipped[10]?.error]).toMatchObject([
      { issues: [{ path: 'rows.9.externalId', message: 'names the same customer as rows.10' }] },
      { issues: [{ path: 'rows.10.email.address', message: 'names the same customer as rows.9' }] },
    ]);
  });

  it('says of each value of a row whose it is', async () => {
    const [one, other] = [await newCustomer({ email: { address: email() } }), await newCustomer()];
    const [name, address] = [unique('Both'), email()];
    const { rows } = await imported(
      'Customers',
      [
        { externalId: unique('first'), name, email: { address } },
        { externalId: unique('bad'), name, email: { address: address.toUpperCase() } },
        { externalId: unique('bad'), name: other.name, email: { address: one.email.address } },
        { externalId: other.externalId, name: one.name, email: { address } },
        { externalId: unique('free'), name: unique('Free') },
      ],
      'SKIP_FAILED',
    );
    const anothers = 'belongs to another record.';
    const said = rows.map(({ errors }) => errors.map(({ message }) => message.replaceAll('The value given at ', '')));
    expect(said).toEqual([
      ['rows.0.email.address is that of rows.1, too.', 'rows.0.name is that of rows.1, too.'],
      ['rows.1.email.address is that of rows.0, too.', 'rows.1.name is that of rows.0, too.'],
      [
        `rows.2.email.address ${anothers}`,
        'rows.2.name belongs to the record that rows.3 names, and stays with it, because rows.3 fails.',
      ],
      ['rows.3.email.address is that of rows.0, too.', `rows.3.name ${anothers}`],
      [],
    ]);
  });

  it('takes nothing from the rows behind one that fails', async () => {
    const { one } = await taken();
    const externalId = unique('again');
    const { rows } = await imported(
      'Customers',
      [
        { externalId, name: unique('First'), email: { address: one.email.address } },
        { externalId, name: unique('Second') },
      ],
      'SKIP_FAILED',
    );
    expect(outcomes(rows)).toEqual(['FAILED', 'CREATED']);
  });

  it('changes what the rows change, however much else the records hold', async () => {
    const long = {
      description: '語'.repeat(4096),
      labels: Array.from({ length: 50 }, (_, index) => `${index}${'語'.repeat(60)}`),
    };
    const customers: Variables[] = [];
    for (let count = 0; count < 40; count += 1)
      customers.push({ externalId: unique('long'), name: unique('Long'), ...long });
    for (let start = 0; start < 40; start += 20) await imported('Customers', customers.slice(start, start + 20));
    const { rows } = await imported(
      'Customers',
      customers.map(({ externalId }) => ({ externalId, shortName: 'S' })),
    );
    expect(new Set(outcomes(rows))).toEqual(new Set(['UPDATED']));
    const { data } = await ask(
      'query($e: String!) { customerBy(identifier: { externalId: $e }) { shortName description labels } }',
      {
        e: customers[7]?.externalId,
      },
    );
    expect(data.customerBy).toEqual({ shortName: 'S', ...long });
  });

  it('of more than 500 rows, or that name more than 5,000 tenants, is refused', async () => {
    const tenantIdentifiers = Array.from({ length: 100 }, () => ({ externalId: 'x' }));
    const rows = Array.from({ length: 51 }, () => ({ externalId: unique('c'), name: 'c', tenantIdentifiers }));
    const { data } = await ask(document('Customers'), { input: { rows } });
    expect(data.importCustomers).toMatchObject({ code: 'validation_failed' });
  });

  it('is priced by its rows', async () => {
    const rows = Array.from({ length: 500 }, () => ({ externalId: 'one' }));
    const field = (alias: string) => `${alias}: importCustomers(input: $input) { __typename }`;
    const twice = `mutation($input: ImportCustomersInput!) { ${field('a')} ${field('b')} }`;
    const { errors, calls } = await ask(twice, { input: { rows } });
    expect(errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', cost: 10_201 });
    expect(calls).toBe(0);
  });

  it('stays within reach', async () => {
    const [own, foreign] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [own.id] });
    const mine = await newCustomer({ tenantIdentifiers: [{ id: own.id }] });
    const shared = await newCustomer({ tenantIdentifiers: [{ id: own.id }, { id: foreign.id }] });
    const theirs = await newCustomer({ tenantIdentifiers: [{ id: foreign.id }] });
    const before = await dump();
    const rows = [
      { externalId: shared.externalId, description: 'x' },
      { externalId: theirs.externalId, name: unique('New'), tenantIdentifiers: [{ id: own.id }] },
      { externalId: unique('new'), name: unique('New') },
      { externalId: unique('new'), name: unique('New'), tenantIdentifiers: [{ id: foreign.id }] },
    ];
    const { rows: refused } = await imported('Customers', rows, 'SKIP_FAILED', secret);
    expect(refused.map(({ error }) => error.code)).toEqual([
      'out_of_reach',
      'already_exists',
      'out_of_reach',
      'not_found',
    ]);
    expect(await dump()).toBe(before);
    const allowed = await imported(
      'Customers',
      [
        { externalId: mine.externalId, description: 'x' },
        { externalId: unique('new'), name: unique('New'), tenantIdentifiers: [{ id: own.id }] },
      ],
      undefined,
      secret,
    );
    expect(outcomes(allowed.rows)).toEqual(['UPDATED', 'CREATED']);
  });
});

describe('an import of tenants', () => {
  it('creates and changes them, with their first admins', async () => {
    const existing = await newTenant({ billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } } });
    const [person, adminEmail] = [await newTeamMember(), email()];
    const own = (admin: string) => ({
      externalId: unique('t'),
      name: unique('T'),
      partnerManaged: false,
      adminEmail: admin,
    });
    const given = [
      own(adminEmail),
      own(adminEmail.toUpperCase()),
      own(person.email),
      { externalId: existing.externalId, status: 'PENDING' },
      { externalId: unique('t'), name: unique('T'), partnerManaged: false },
      { externalId: unique('t') },
    ];
    const { rows, calls } = await imported('Tenants', given, 'SKIP_FAILED');
    expect(outcomes(rows)).toEqual(['CREATED', 'CREATED', 'CREATED', 'UPDATED', 'FAILED', 'FAILED']);
    expect(calls).toBeLessThanOrEqual(3);
    expect(rows[4]?.errors).toMatchObject([{ issues: [{ path: 'rows.4.adminEmail' }] }]);
    expect(rows[5]?.errors).toMatchObject([{ issues: [{ path: 'rows.5.name' }] }]);
    const { data } = await ask(
      `query($e: String!, $p: String!, $t: ID!) {
        new: userBy(identifier: { email: $e }) { status defaultTenant { id } tenantRoles { nodes { tenant { id } role { name } } } }
        old: userBy(identifier: { email: $p }) { role { name } tenantRoles { nodes { tenant { id } role { name } } } }
        tenant(id: $t) { status version billing { vatId billingAddress { city } } } }`,
      { e: adminEmail, p: person.email, t: existing.id },
    );
    const ids = rows.map(({ id }) => id);
    expect(data.new).toEqual({
      status: 'INVITED',
      defaultTenant: { id: ids[0] },
      tenantRoles: {
        nodes: ids.slice(0, 2).map((id) => ({ tenant: { id }, role: { name: 'admin' } })),
      },
    });
    expect(data.old).toEqual({
      role: { name: 'viewer' },
      tenantRoles: { nodes: [{ tenant: { id: ids[2] }, role: { name: 'admin' } }] },
    });
    expect(data.tenant).toEqual({
      status: 'PENDING',
      version: 2,
      billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } },
    });
    const again = await imported('Tenants', given.slice(0, 4));
    expect(outcomes(again.rows)).toEqual(['NOOP', 'NOOP', 'NOOP', 'NOOP']);
    const { secret } = await newKey({ permissions: ['tenant:create', 'tenant:edit'] });
    const weak = await imported('Tenants', [own(email())], undefined, secret);
    expect(weak.rows[0]?.error).toMatchObject({ code: 'insufficient_permissions' });
  });

  it('gives them billing profiles, and changes the parts that are given', async () => {
    const externalId = unique('t');
    const billing = (parts: object) => [{ externalId, name: externalId, billing: parts }];
    const profile = `billing { companyName taxExempt isBusinessCustomer billingAddress { line1 city } shippingAddress { city } }`;
    const stored = async () => {
      const { data } = await ask(
        `query($t: String!) { tenantBy(identifier: { externalId: $t }) { version ${profile} } }`,
        { t: externalId },
      );
      return data.tenantBy;
    };
    const [bonn, wien] = ['Bonn', 'Wien'].map((city) => ({ line1: '"1" Rheinweg', city }));
    const none = {
      companyName: null,
      taxExempt: 'NONE',
      isBusinessCustomer: false,
      billingAddress: null,
      shippingAddress: null,
    };
    const ulm = { taxExempt: 'REVERSE', shippingAddress: { city: 'Ulm' } };
    const steps: [string, object, object][] = [
      [
        'CREATED',
        { companyName: 'A', billingAddress: bonn, shippingAddress: {} },
        { companyName: 'A', billingAddress: bonn },
      ],
      [
        'NOOP',
        { companyName: 'A', billingAddress: { city: 'Bonn', state: null } },
        { companyName: 'A', billingAddress: bonn },
      ],
      ['UPDATED', { billingAddress: { city: 'Wien' } }, { companyName: 'A', billingAddress: wien }],
      ['UPDATED', { billingAddress: { line1: null, city: null } }, { companyName: 'A' }],
      ['UPDATED', { companyName: null, billingAddress: null }, {}],
      ['UPDATED', ulm, ulm],
      ['NOOP', {}, ulm],
    ];
    for (const [outcome, parts, expected] of steps) {
      expect((await imported('Tenants', billing(parts))).rows).toMatchObject([
        { outcome, errors: [], changes: outcome === 'UPDATED' ? ['billing'] : [] },
      ]);
      expect((await stored()).billing).toEqual({ ...none, ...expected });
    }
    expect((await stored()).version).toBe(5);
    const { rows } = await imported('Tenants', billing({ companyName: 'x'.repeat(257), billingAddress: { city: '' } }));
    expect(rows[0]?.error.issues.map(({ path }: { path: string }) => path)).toEqual(
      ['companyName', 'billingAddress.city'].map((path) => `rows.0.billing.${path}`),
    );
  });
});
