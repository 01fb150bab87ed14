import { beforeAll, describe, expect, it } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import { mutate, newCustomer, newCustomerUser, newKey, newTenant } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { change, customerId, newPerson } from './asked.ts';
import { CONDITIONS, makeRecords, member, onCreate, records, tenant, upserting } from './conditions.ts';

beforeAll(countChanges);
beforeAll(makeRecords);

describe('a mutation that is refused', () => {
  for (const [condition, name, input, code, fields] of CONDITIONS) {
    it(`${name}: ${condition} is ${code}, with 200, and changes nothing`, async () => {
      if (condition.startsWith('the name of another')) await newCustomer({ name: 'Only One Inc.' });
      const before = await changes();
      const { error, ...payload } = await change(name, '__typename', input());
      expect(error).toEqual({
        type: 'VALIDATION',
        code,
        message: expect.any(String),
        fields: fields.map(([field, type]) => ({ field, type, message: expect.any(String) })),
      });
      for (const [field] of fields) expect(error.message).toContain(field);
      expect(payload).toEqual({ __typename: `${name.charAt(0).toUpperCase()}${name.slice(1)}Output` });
      expect(await changes()).toBe(before);
    });
  }

  it('for want of a permission, or of reach, is FORBIDDEN, and says which', async () => {
    const owned = await newTenant();
    const shared = await newPerson({ tenantIdentifiers: [{ id: owned.id }, { externalId: records.tenant }] });
    const reading = await newKey({ access: 'READ' });
    const ofTenant = await newKey({ tenants: [owned.id] });
    const lacking = await newKey({ permissions: ['tenant:read'] });
    const cases: [string, string, Variables, string][] = [
      [
        lacking.secret,
        'deleteCustomer',
        { customerId: 'junk' },
        'Insufficient permissions, missing "customer:delete".',
      ],
      [lacking.secret, 'upsertTenant', tenant({}), 'Insufficient permissions, missing "tenant:create", "tenant:edit".'],
      [reading.secret, 'setCustomerTenants', member({}), 'This API key may only read.'],
      [
        ofTenant.secret,
        'deleteTenant',
        { tenantIdentifier: { externalId: owned.externalId } },
        'the whole organization',
      ],
      [ofTenant.secret, 'deleteCustomer', { customerId: customerId(shared) }, 'out of reach'],
      [ofTenant.secret, 'upsertCustomer', upserting({}), 'tenantIdentifiers'],
    ];
    const before = await changes();
    for (const [key, name, input, message] of cases) {
      const { error } = await change(name, '', input, key);
      expect(error).toEqual({
        type: 'FORBIDDEN',
        code: 'forbidden',
        fields: [],
        message: expect.stringContaining(message),
      });
    }
    expect(await changes()).toBe(before);
  });

  it('for a customer out of reach tells no more than that a value is taken', async () => {
    const near = await newTenant();
    const { secret } = await newKey({ tenants: [near.id] });
    const joining = { tenantIdentifiers: [{ externalId: near.externalId }] };
    const cases: [Variables, string][] = [
      [{ emailAddress: records.taken }, 'customer_already_exists_with_email'],
      [{ externalId: records.takenId }, 'customer_already_exists_with_external_id'],
    ];
    const before = await changes();
    for (const [identifier, code] of cases) {
      const input = { identifier, onCreate: onCreate(joining), onUpdate: { fullName: { value: 'x' } } };
      const { customer, error } = await change('upsertCustomer', 'customer { id }', input, secret);
      const [name] = Object.keys(identifier);
      expect([customer, error]).toMatchObject([null, { code, fields: [{ field: `identifier.${name}` }] }]);
    }
    expect(await changes()).toBe(before);
  });

  it('because a tenant would lose its last admin says so', async () => {
    const [place, customer] = [await newTenant(), await newPerson()];
    const user = await newCustomerUser(customer.id);
    await mutate('assignTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: place.id },
      roleIdentifier: { name: 'admin' },
    });
    const { error } = await change('deleteCustomer', '', { customerId: customerId(customer) });
    expect(error).toEqual({
      type: 'VALIDATION',
      code: 'input_validation',
      message: expect.stringContaining('last admin'),
      fields: [],
    });
  });
});
