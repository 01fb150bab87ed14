import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../../src/dialects/userdocks/routes.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { eventsAbout, newTenant, rawId, succeed } from '../../shared/fixtures.ts';
import { byGraphQL, call, DONE, FAILED, get, type Json, put, ROOT } from './calls.ts';
import { ADDRESS, FIELDS } from './fields.ts';

beforeAll(countChanges);

describe('a field', () => {
  for (const [field, value, own, ownValue = value] of FIELDS) {
    it(`means the same here and at /graphql: ${field}`, async () => {
      const [one, other] = [await newTenant(), await newTenant()];
      const untouched = await byGraphQL(one.id);
      expect((await put(rawId(one.id), ROOT, { [field]: value })).json).toEqual(DONE);
      const written = await byGraphQL(one.id);
      expect(written).toMatchObject(own(ownValue));
      const { billing, ...change } = own(ownValue);
      expect(written).toEqual({
        ...untouched,
        ...change,
        billing: { ...untouched.billing, ...(billing as object) },
        version: 2,
        updatedAt: written.updatedAt,
      });

      await succeed('updateTenant', 'tenant { id }', { id: other.id, ...own(ownValue) });
      const { json } = await get(rawId(other.id), ROOT);
      expect((json.data as Json)[field]).toEqual(value);
      const events = ['tenant.created', 'tenant.updated'];
      expect(await eventsAbout(one.id)).toEqual(events);
      expect(await eventsAbout(other.id)).toEqual(events);
    });
  }

  const full = Object.fromEntries(FIELDS.map(([field, value]) => [field, value]));

  it('is cleared by null and by an empty string, and an address by `deleted`', async () => {
    const tenant = await newTenant();
    const id = rawId(tenant.id);
    await put(id, ROOT, full);
    await put(id, ROOT, { description: '', companyName: null, companyVATId: ' ', shippingAddress: { line2: '' } });
    await put(id, ROOT, { tenant: { billingAddress: { deleted: true, name: 'whoever' } } });
    expect((await get(id, ROOT)).json.data).toEqual({
      kind: 'tenant',
      id,
      ...full,
      description: null,
      companyName: null,
      companyVATId: null,
      shippingAddress: { ...ADDRESS, line2: null },
      billingAddress: null,
    });
  });

  const WITHOUT: Record<string, unknown> = {
    test: false,
    isBusinessCustomer: false,
    isInvoicePending: false,
    companyTaxExempt: 'none',
  };
  const OPTIONAL: [where: string, sent: (value: unknown) => Json, cleared: Json][] = [
    ...FIELDS.filter(([field]) => field !== 'name').map(([field]): [string, (value: unknown) => Json, Json] => [
      field,
      (value) => ({ [field]: value }),
      { [field]: WITHOUT[field] ?? null },
    ]),
    ...['shippingAddress', 'billingAddress'].flatMap((address) =>
      Object.keys(ADDRESS).map((part): [string, (value: unknown) => Json, Json] => [
        `${address}.${part}`,
        (value) => ({ [address]: { [part]: value } }),
        { [address]: { ...ADDRESS, [part]: null } },
      ]),
    ),
  ];
  for (const [where, sent, cleared] of OPTIONAL)
    it(`that is left out stays, and is cleared by null and by an empty string: ${where}`, async () => {
      const id = rawId((await newTenant()).id);
      for (const value of [null, '', undefined]) {
        await put(id, ROOT, full);
        expect((await put(id, ROOT, sent(value))).json).toEqual(DONE);
        const expected = { kind: 'tenant', id, ...full, ...(value !== undefined && cleared) };
        expect((await get(id, ROOT)).json.data, String(value)).toEqual(expected);
      }
    });

  it('is in the one body that is taken, and what it says of itself may be null there', async () => {
    const taking = ROUTES.flatMap(({ path, operations }) =>
      [...operations].flatMap(([method, { takesBody }]) => (takesBody ? [`${method} ${path.source}`] : [])),
    );
    expect(taking).toEqual(['PUT ^\\/v1\\/tenants\\/(?<tenantId>[^/]+)$']);
    const id = rawId((await newTenant()).id);
    for (const nothing of [null, '']) expect((await put(id, ROOT, { kind: nothing, id: nothing })).json).toEqual(DONE);
  });

  it('that is read can be sent back: a tenant is not changed by itself', async () => {
    const id = rawId((await newTenant({ billing: { billingAddress: { city: 'Bonn' } } })).id);
    const { json } = await get(id, ROOT);
    const before = await changes();
    for (const body of [json.data as Json, { tenant: json.data }, { kind: 'tenant', tenant: json.data }]) {
      expect((await put(id.toUpperCase(), ROOT, body)).json).toEqual(DONE);
    }
    expect(await changes()).toBe(before);
  });

  const long = 'x'.repeat(257);
  const DEEP = `${'{"deep":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const REFUSED: [string, unknown, string][] = [
    ['a body that is a list', '[]', 'not a JSON object'],
    ['a body that is no JSON', '{', 'not a JSON object'],
    ['a body of many levels', DEEP, 'must not have deep'],
    ['a field of many levels', `{"name":${DEEP}}`, 'name must be a string'],
    ['another kind', { kind: 'user' }, 'kind must be "tenant"'],
    ['a tenant that is none', { tenant: 'x' }, 'tenant must be an object'],
    ['a tenant that is null', { tenant: null }, 'tenant must be an object'],
    ['fields beside the tenant', { tenant: {}, name: 'x' }, 'name must stand inside of tenant'],
    ['an unknown field', { companyVatId: 'x' }, 'must not have companyVatId'],
    ['an unknown part of an address', { billingAddress: { zip: 'x' } }, 'billingAddress must not have zip'],
    ['another id', { id: newId() }, 'id must be the one in the path'],
    ['an empty name', { name: '' }, 'name is required'],
    ['a name that is null', { name: null }, 'name is required'],
    ['a number', { companyName: 1 }, 'companyName must be a string'],
    ['a word for a flag', { test: 'true' }, 'test must be true or false'],
    ['another exemption', { companyTaxExempt: 'NONE' }, 'companyTaxExempt must be one of none, exempt, reverse'],
    ['an address that is a string', { shippingAddress: 'x' }, 'shippingAddress must be an object'],
    ['a word for deleted', { shippingAddress: { deleted: 'yes' } }, 'shippingAddress.deleted must be true or false'],
    ...['name', 'description', 'companyName', 'companyVATId', 'companyTaxType', 'stripeOneTimePaymentValidThru'].map(
      (field): [string, unknown, string] => [
        `257 characters of ${field}`,
        { [field]: long },
        `${field} must be at most`,
      ],
    ),
    ...Object.keys(ADDRESS).map((part): [string, unknown, string] => [
      `257 characters of ${part} in an address`,
      { tenant: { billingAddress: { [part]: long } } },
      `billingAddress.${part} must be at most 256 characters`,
    ]),
  ];
  for (const [what, body, message] of REFUSED) {
    it(`is refused with 400, and nothing changed: ${what}`, async () => {
      const id = rawId((await newTenant()).id);
      const before = await changes();
      const answer = await call('PUT', `/tenants/${id}`, ROOT, body as Json);
      expect(answer.status, answer.text).toBe(400);
      expect(answer.json).toEqual(FAILED);
      expect(answer.json.error).toContain(message);
      expect(await changes()).toBe(before);
    });
  }
});
