import { describe, expect, it } from 'vitest';
import { change } from '../../dialects/plain/asked.ts';
import { eventsAbout, mutate, newKey, newTenant, succeed, TENANT_FIELDS, unique } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const tenant = `tenant { ${TENANT_FIELDS} }`;
const byId = async (id: string) =>
  (await ask(`query($id: ID!) { tenant(id: $id) { ${TENANT_FIELDS} } }`, { id })).data.tenant;

describe('a tenant', () => {
  it('is created active, managed by a partner and without a billing profile', async () => {
    const name = unique('TestAdvertiserViaAPI');
    const created = await newTenant({ name, externalId: null });
    expect(created).toMatchObject({
      name,
      externalId: null,
      url: null,
      description: null,
      status: 'ACTIVE',
      partnerManaged: true,
      eventEnrichment: false,
      test: false,
      deletedAt: null,
      version: 1,
      billing: {
        companyName: null,
        taxExempt: 'NONE',
        isBusinessCustomer: false,
        isInvoicePending: false,
        billingAddress: null,
        shippingAddress: null,
      },
    });
    expect(await byId(created.id)).toEqual(created);
  });

  it('takes null for not given when it is created', async () => {
    const none = { status: null, test: null, partnerManaged: null, billing: { taxExempt: null, billingAddress: null } };
    const created = await newTenant(none);
    expect(created).toMatchObject({ status: 'ACTIVE', partnerManaged: true, billing: { taxExempt: 'NONE' } });
    await newTenant({ billing: null });
  });

  it('is renamed, deactivated and deleted, and each is an event', async () => {
    const created = await newTenant();
    const renamed = await succeed('updateTenant', tenant, { id: created.id, name: unique('Renamed') });
    expect(renamed.tenant.version).toBe(2);
    const off = await succeed('updateTenant', tenant, { id: created.id, status: 'DEACTIVATED' });
    expect(off.tenant).toMatchObject({ status: 'DEACTIVATED', name: renamed.tenant.name, version: 3 });
    await succeed('deleteTenant', tenant, { id: created.id });
    expect(await byId(created.id)).toBeNull();
    await succeed('restoreTenant', tenant, { id: created.id });
    expect(await byId(created.id)).toMatchObject({ status: 'DEACTIVATED', deletedAt: null, version: 5 });
    expect(await eventsAbout(created.id)).toEqual([
      'tenant.created',
      'tenant.updated',
      'tenant.updated',
      'tenant.deleted',
      'tenant.restored',
    ]);
  });

  it('has a billing profile that is changed field by field', async () => {
    const created = await newTenant({
      billing: {
        companyName: 'Acme Ltd',
        vatId: 'CHE-123',
        taxExempt: 'REVERSE',
        isBusinessCustomer: true,
        billingAddress: { name: 'Acme', line1: 'Main Street 1', city: 'Bern', country: 'CH' },
      },
    });
    const change = async (billing: object) =>
      (await succeed('updateTenant', tenant, { id: created.id, billing })).tenant.billing;
    const expected = { ...created.billing };
    expect(await change({ vatId: null, isInvoicePending: true })).toEqual(
      Object.assign(expected, { vatId: null, isInvoicePending: true }),
    );
    expect(await change({ billingAddress: { city: 'Thun', line1: null, postalCode: '3600' } })).toEqual(
      Object.assign(expected, {
        billingAddress: { ...created.billing.billingAddress, city: 'Thun', line1: null, postalCode: '3600' },
      }),
    );
    expect(await change({ shippingAddress: { city: 'Biel', type: 'office' }, taxType: 'eu_vat' })).toMatchObject(
      Object.assign(expected, {
        taxType: 'eu_vat',
        shippingAddress: expect.objectContaining({ city: 'Biel', type: 'office', name: null }),
      }),
    );
    expect(await change({ shippingAddress: null })).toMatchObject({ shippingAddress: null });
    const emptied = { name: null, city: null, country: null, postalCode: null };
    expect(await change({ billingAddress: emptied })).toMatchObject({ billingAddress: null });
    const refused = await mutate('updateTenant', tenant, {
      id: created.id,
      billing: { companyName: 'x'.repeat(257), billingAddress: { city: 'y'.repeat(257) } },
    });
    expect(refused.issues.map(({ path }: { path: string }) => path)).toEqual([
      'billing.companyName',
      'billing.billingAddress.city',
    ]);
  });

  it('loses what null clears', async () => {
    const given = { url: 'https://x.example/', description: 'Text', externalId: unique('null') };
    const billing = { companyName: 'A', vatId: 'B', taxType: 'C', oneTimePaymentValidThrough: '2027-01-01' };
    const addresses = { billingAddress: { city: 'Bern' }, shippingAddress: { city: 'Thun' } };
    const created = await newTenant({ ...given, billing: { ...billing, ...addresses } });
    const none = (fields: object) => Object.fromEntries(Object.keys(fields).map((field) => [field, null]));
    const { tenant: cleared } = await succeed('updateTenant', tenant, {
      id: created.id,
      ...none(given),
      billing: none({ ...billing, ...addresses }),
    });
    expect(cleared).toMatchObject({ ...none(given), billing: none({ ...billing, ...addresses }) });
    expect(await mutate('updateTenant', tenant, { id: created.id, billing: null })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'billing', message: 'is required', kind: 'REQUIRED' }],
    });
  });

  it('answers the record that somebody else changed first, to who may read it', async () => {
    const created = await newTenant();
    await succeed('updateTenant', tenant, { id: created.id, name: unique('First'), expectedVersion: 1 });
    expect(await mutate('updateTenant', tenant, { id: created.id, name: 'Second', expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflictError',
      code: 'version_conflict',
      current: { __typename: 'Tenant', id: created.id },
    });
    const { secret } = await newKey({ permissions: ['tenant:edit'] });
    const late = { id: created.id, name: 'Third', expectedVersion: 1 };
    expect((await mutate('updateTenant', tenant, late, secret)).current).toBeNull();
  });

  it('is upserted by its external id', async () => {
    const identifier = { externalId: unique('team_123') };
    const input = { identifier, name: unique('T'), url: 'https://acme.example/' };
    const created = await succeed('upsertTenant', `outcome ${tenant}`, input);
    expect(created).toMatchObject({ outcome: 'CREATED', tenant: { externalId: identifier.externalId } });
    expect(await succeed('upsertTenant', `outcome ${tenant}`, input)).toMatchObject({ ...created, outcome: 'NOOP' });
    const updated = await succeed('upsertTenant', `outcome ${tenant}`, { identifier, url: null });
    expect(updated).toMatchObject({ outcome: 'UPDATED', tenant: { url: null, name: input.name, version: 2 } });
  });

  it('has whatever text as its url, by every way to write it, and shows it as it was given', async () => {
    const { id, externalId, name } = await newTenant();
    const shown = async () => (await byId(id)).url;
    const ways: ((url: string) => Promise<unknown>)[] = [
      (url) => succeed('updateTenant', tenant, { id, url }),
      (url) => succeed('upsertTenant', tenant, { identifier: { externalId }, url }),
      (url) => succeed('importTenants', 'rows { outcome }', { rows: [{ externalId, name, url }] }),
      (url) => change('upsertTenant', '', { identifier: { externalId }, externalId, name, url: { value: url } }),
    ];
    const urls = ['acme.com', 'ftp://acme.example', 'javascript:alert(1)', 'Straße 1, Bonn', 'x'.repeat(2048)];
    for (const [index, way] of ways.entries())
      for (const url of urls) {
        await way(`${url}${index}`.slice(0, 2048));
        expect(await shown()).toBe(`${url}${index}`.slice(0, 2048));
      }
    for (const url of urls) expect((await newTenant({ url })).url).toBe(url);
    for (const url of [' ', 'x'.repeat(2049), 'a\u0000b'])
      expect(await mutate('updateTenant', tenant, { id, url })).toMatchObject({
        __typename: 'ValidationError',
        issues: [{ path: 'url' }],
      });
  });
});
