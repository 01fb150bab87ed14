import { beforeAll, expect, it } from 'vitest';
import page from '../../../docs/users.md?raw';
import { newCustomer, newRole, newTenant, newTenantUser, succeed } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const documents = [...page.matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document ?? '');

beforeAll(async () => {
  await newCustomer({ name: 'Northwind', externalId: 'crm-northwind' });
  await newCustomer({ name: 'Driftline', externalId: 'crm-driftline' });
  await newRole({ name: 'Reviewer' });
});

it('the page on people shows requests that work, in their order', async () => {
  const tenant = await newTenant();
  const user = await newTenantUser(tenant.id);
  await succeed('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true });
  const answers = [];
  for (const document of documents) {
    const { data, errors, text } = await ask(document.replace('2026-09-01', '2099-09-01'));
    expect(errors, document).toEqual([]);
    expect(text, document).not.toContain('"code"');
    answers.push(Object.values(data)[0]);
  }
  expect(answers).toMatchObject([
    { customer: { labels: ['vip'] } },
    { role: { name: 'Auditor' } },
    { outcome: 'CREATED', invitationLink: expect.any(String), user: { status: 'INVITED', role: { name: 'member' } } },
    { user: { customer: { name: 'Northwind' }, role: { name: 'admin' } } },
    { nodes: [{ id: user.id }], totalCount: 1 },
  ]);
});
