import { beforeAll, describe, expect, it } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  eventsAbout,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  unique,
} from '../../shared/fixtures.ts';
import { ask, mailbox, type Variables } from '../../shared/gateway.ts';
import { api, CUSTOMER_ADMIN, CUSTOMER_MEMBER, errorsOf, nobody, TEAM_VIEWER } from './api.ts';
import createCustomer from './create-a-new-customer.txt?raw';
import updateCustomer from './update-a-customer.txt?raw';

beforeAll(countChanges);

describe('a mutation', () => {
  const NOT_FOUND = ['Record not found'];
  const TAKEN = ['This value belongs to another record.'];

  it('that fails names the fields as the caller did, each once, and changes nothing', async () => {
    const taken = await newCustomer({ name: unique('Taken') });
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    const other = await newCustomerUser(customer.id, { externalId: unique('user') });
    const member = { email: `${unique('m')}@x.example`, role: CUSTOMER_MEMBER, customer: customer.id };
    const before = await changes();
    const cases: [string, Variables, unknown][] = [
      ['createCustomer', { name: taken.name.toUpperCase() }, [{ field: 'name', messages: TAKEN }]],
      [
        'createCustomer',
        { name: unique('n'), externalId: ` ${taken.externalId} ` },
        [{ field: 'externalId', messages: TAKEN }],
      ],
      ['createCustomer', { name: ' ' }, [{ field: 'name', messages: ['is required'] }]],
      [
        'createCustomer',
        { name: 'x'.repeat(257), labels: ['', null, 'x'.repeat(65), '\u200b'] },
        [
          { field: 'labels', messages: ['must be at most 64 characters', 'must not be empty'] },
          { field: 'name', messages: ['must be at most 256 characters'] },
        ],
      ],
      ['updateCustomer', { id: customer.id, name: taken.name }, [{ field: 'name', messages: TAKEN }]],
      ['updateCustomer', { id: customer.id, name: '' }, [{ field: 'name', messages: ['is required'] }]],
      ['updateUser', { id: user.id, name: 'x', role: '' }, [{ field: 'role', messages: ['is required'] }]],
      ['deleteUser', { id: '' }, [{ field: 'id', messages: ['is required'] }]],
      ['updateCustomer', { id: nobody('Customer') }, [{ field: 'id', messages: NOT_FOUND }]],
      ['updateCustomer', { id: user.id, name: 'x' }, [{ field: 'id', messages: [expect.any(String)] }]],
      ['updateCustomer', { name: 'x' }, [{ field: 'id', messages: ['is required'] }]],
      ['deleteCustomer', { id: 'garbage' }, [{ field: 'id', messages: ['is not an id of this kind'] }]],
      ['createCustomerUser', { ...member, email: user.email }, [{ field: 'email', messages: TAKEN }]],
      [
        'createCustomerUser',
        { ...member, email: 'nobody', phone: '\u200b' },
        [
          { field: 'phone', messages: ['must not be empty'] },
          { field: 'email', messages: ['must be an e-mail address'] },
        ],
      ],
      [
        'createCustomerUser',
        { ...member, role: nobody('Role'), customer: nobody('Customer') },
        [
          { field: 'customer', messages: NOT_FOUND },
          { field: 'role', messages: NOT_FOUND },
        ],
      ],
      [
        'createCustomerUser',
        { ...member, role: 'garbage', customer: 'garbage' },
        [
          { field: 'role', messages: ['is not an id of this kind'] },
          { field: 'customer', messages: ['is not an id of this kind'] },
        ],
      ],
      [
        'createOrganizationUser',
        { email: member.email, role: CUSTOMER_MEMBER },
        [{ field: 'role', messages: NOT_FOUND }],
      ],
      ['updateUser', { id: user.id, externalId: other.externalId }, [{ field: 'externalId', messages: TAKEN }]],
      ['updateUser', { id: user.id, role: TEAM_VIEWER }, [{ field: 'role', messages: NOT_FOUND }]],
      [
        'updateUser',
        { id: user.id, avatarUrl: 'x' },
        [{ field: 'avatarUrl', messages: ['must be an http or https URL'] }],
      ],
      ['updateUser', { id: nobody('User'), name: 'x' }, [{ field: 'id', messages: NOT_FOUND }]],
      [
        'updateUser',
        { id: user.id, name: 'x', darkMode: true, darkModeSyncWithOs: false },
        ['darkMode', 'darkModeSyncWithOs'].map((field) => ({ field, messages: ['is not kept here: leave it out'] })),
      ],
      ['deleteUser', { id: nobody('User') }, [{ field: 'id', messages: NOT_FOUND }]],
    ];
    for (const [name, input, errors] of cases)
      expect(await errorsOf(name, input), JSON.stringify(input)).toEqual(errors);
    expect(await changes()).toBe(before);
  });

  it('whose rule is no field of the input says so by `__all__`', async () => {
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const last = [{ field: '__all__', messages: [expect.stringContaining('last owner')] }];
    expect(await errorsOf('deleteUser', { id: owner.id })).toEqual(last);
    expect(await errorsOf('updateUser', { id: owner.id, role: TEAM_VIEWER })).toEqual(last);
  });

  it('that is not allowed is a failed request, never a success', async () => {
    const customer = await newCustomer();
    const { secret } = await newKey({ permissions: allBut('customer:edit') });
    const before = await changes();
    const answer = await api(updateCustomer, { customerId: customer.id, newDescription: 'x' }, secret);
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { code: 'FORBIDDEN', missingPermissions: ['customer:edit'] } }],
    });
    expect(await changes()).toBe(before);
  });

  it('answers the `clientMutationId` that it was given, done or not', async () => {
    for (const name of [unique('named'), '']) {
      const { data } = await api(
        'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { clientMutationId errors { field } } }',
        { input: { name, clientMutationId: 'mine' } },
      );
      expect(data.createCustomer.clientMutationId).toBe('mine');
    }
  });

  it('makes, changes and deletes users, as /graphql sees at once', async () => {
    const customer = await newCustomer();
    const email = `${unique('ada')}@x.example`;
    const fields = 'id name email phone avatarUrl externalId role { id name level } customer { id name } org { id }';
    const created = await api(
      `mutation($input: CreateCustomerUserInput!) { createCustomerUser(input: $input) { user { ${fields} } errors { field } } }`,
      {
        input: { email, name: 'Ada', phone: '+1 555', externalId: email, role: CUSTOMER_MEMBER, customer: customer.id },
      },
    );
    expect(created.text).toContain('"errors":[]');
    const { user } = created.data.createCustomerUser;
    const shown = {
      ...{ id: user.id, name: 'Ada', email, phone: '+1 555', avatarUrl: null, externalId: email },
      role: { id: CUSTOMER_MEMBER, name: 'Member', level: expect.any(Number) },
      customer: { id: customer.id, name: customer.name },
      org: null,
    };
    expect(user).toEqual(shown);
    expect(mailbox.filter(({ to }) => to === email)).toHaveLength(1);
    const patch = { name: 'Ada B.', phone: '', avatarUrl: 'https://x.example/a.png', role: CUSTOMER_ADMIN };
    const given = { id: user.id, ...patch, darkMode: null };
    expect(await errorsOf('updateUser', given)).toEqual([]);
    const own = 'query($id: ID!) { user(id: $id) { name phone avatarUrl role { name } } }';
    const { data } = await ask(own, { id: user.id });
    expect(data.user).toEqual({ name: 'Ada B.', phone: null, avatarUrl: patch.avatarUrl, role: { name: 'admin' } });
    expect(await errorsOf('deleteUser', { id: user.id })).toEqual([]);
    expect((await ask(own, { id: user.id })).data.user).toBeNull();
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.updated', 'user.deleted']);
  });

  it('renames the organization', async () => {
    const name = unique('Organization');
    const { data } = await api(
      'mutation($name: String) { updateOrganization(input: { name: $name }) { organization { id name } errors { field messages } } }',
      { name },
    );
    expect(data.updateOrganization).toEqual({ organization: { id: expect.any(String), name }, errors: [] });
    expect((await ask('{ organization { id name } }')).data.organization).toEqual(data.updateOrganization.organization);
  });

  it('adds a customer to the tenant of who reaches one, and none for who reaches several', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [one.id] });
    const name = unique('Customer');
    expect(await errorsOf('createCustomer', { name }, secret)).toEqual([]);
    const { data } = await ask(
      'query($name: String) { customers(filter: { name: $name }) { nodes { tenants { nodes { id } } } } }',
      {
        name,
      },
    );
    expect(data.customers.nodes).toEqual([{ tenants: { nodes: [{ id: one.id }] } }]);
    const both = await newKey({ tenants: [one.id, other.id] });
    const { errors } = await api(createCustomer, { customerName: unique('Customer') }, both.secret);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
