import { describe, expect, it } from 'vitest';
import { eventsAbout, newCustomer, newCustomerUser, type Result, unique } from '../../shared/fixtures.ts';
import { mailbox, type Variables } from '../../shared/gateway.ts';
import { api, byGraphQL } from './api.ts';
import createCustomer from './create-a-new-customer.txt?raw';
import createCustomerVariables from './create-a-new-customer.variables.txt?raw';
import createTeamMember from './create-an-organization-team-member.txt?raw';
import createTeamMemberVariables from './create-an-organization-team-member.variables.txt?raw';
import deleteCustomer from './delete-a-customer.txt?raw';
import deleteCustomerVariables from './delete-a-customer.variables.txt?raw';
import fetchCustomer from './fetch-a-specific-customer.txt?raw';
import fetchCustomerVariables from './fetch-a-specific-customer.variables.txt?raw';
import fetchAll from './fetch-all-customers.txt?raw';
import listUsers from './list-all-customer-users-by-customer.txt?raw';
import roles from './query-for-organization-roles.txt?raw';
import updateCustomer from './update-a-customer.txt?raw';
import updateCustomerVariables from './update-a-customer.variables.txt?raw';

/** The variables that stand in the document, with the ids of records that are there. */
const variablesOf = (source: string, ids: Variables = {}): Variables => {
  const given: Variables = JSON.parse(source);
  for (const name of Object.keys(ids)) expect(given, name).toHaveProperty(name);
  return { ...given, ...ids };
};

describe('the requests of the document', () => {
  it('create, fetch, change and delete a customer', async () => {
    const created = await api(createCustomer, variablesOf(createCustomerVariables));
    expect(created).toMatchObject({ status: 200, errors: [] });
    const { id } = created.data.createCustomer.customer;
    expect(created.data).toEqual({ createCustomer: { customer: { id }, errors: [] } });
    expect(await byGraphQL(id)).toEqual({
      kind: 'COMPANY',
      name: 'FTL Rockets',
      description: 'Faster-than-light Rocket Company, LLC',
      externalId: 'abc-123',
      labels: [],
    });
    expect(atob(id)).toMatch(/^Customer:[0-9a-f-]{36}$/);

    const fetched = await api(fetchCustomer, variablesOf(fetchCustomerVariables, { myCustomerId: id }));
    expect(fetched.data).toEqual({ customer: { id, name: 'FTL Rockets', externalId: 'abc-123' } });
    const all = await api(fetchAll);
    expect(all.data.customers.nodes).toContainEqual({ id, name: 'FTL Rockets', externalId: 'abc-123' });

    const updated = await api(updateCustomer, variablesOf(updateCustomerVariables, { customerId: id }));
    expect(updated.data).toEqual({ updateCustomer: { errors: [] } });
    expect((await byGraphQL(id)).description).toBe('My Updated Description');

    const variables = variablesOf(deleteCustomerVariables, { customerId: id });
    const deleted = await api(deleteCustomer, variables);
    expect(deleted.data).toEqual({ deleteCustomer: { customer: { name: 'FTL Rockets' }, errors: [] } });
    expect(await byGraphQL(id)).toBeNull();
    expect(await eventsAbout(id)).toEqual(['customer.created', 'customer.updated', 'customer.deleted']);
    const again = await api(deleteCustomer, variables);
    expect(again).toMatchObject({ status: 200, errors: [] });
    expect(again.data).toEqual({
      deleteCustomer: { customer: null, errors: [{ field: 'id', messages: ['Record not found'] }] },
    });
  });

  it('fail as they stand, for there are no such records', async () => {
    const fetched = await api(fetchCustomer, variablesOf(fetchCustomerVariables));
    expect(fetched).toMatchObject({ status: 200, data: null, errors: [{ message: 'Record not found' }] });
    const updated = await api(updateCustomer, variablesOf(updateCustomerVariables));
    expect(updated.data.updateCustomer.errors).toEqual([{ field: 'id', messages: ['Record not found'] }]);
    const created = await api(createTeamMember, variablesOf(createTeamMemberVariables));
    expect(created.data.createOrganizationUser).toEqual({
      user: null,
      errors: [{ field: 'role', messages: ['Record not found'] }],
    });
  });

  it('look up a role, and make a team member of it, who is mailed an invitation', async () => {
    const { data } = await api(roles);
    const viewer = data.organizationRoles.find(({ name }: Result) => name === 'Viewer');
    expect(viewer.permissions.nodes).toContainEqual({ name: 'customer:read', description: expect.any(String) });
    const created = await api(createTeamMember, variablesOf(createTeamMemberVariables, { role: viewer.id }));
    expect(created.data.createOrganizationUser).toEqual({
      user: {
        id: expect.any(String),
        name: 'Lisa Nguyen',
        email: 'lisa.nguyen@smith-rockets.co',
        externalId: 'ABCCBC0B-98D0-453B-A795-0B430EFBF020',
      },
      errors: [],
    });
    expect(mailbox.filter(({ to }) => to === 'lisa.nguyen@smith-rockets.co')).toHaveLength(1);
  });

  it('list the users of all customers, in one D1 call', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id, { externalId: unique('user') });
    const { data, errors, calls } = await api(listUsers);
    expect(errors).toEqual([]);
    expect(calls).toBe(1);
    const { id, email, name, externalId } = user;
    expect(data.customers.nodes).toContainEqual({
      id: customer.id,
      name: customer.name,
      users: { nodes: [{ id, email, name, externalId }] },
    });
  });
});
