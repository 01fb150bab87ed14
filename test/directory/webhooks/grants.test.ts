import { describe, expect, it } from 'vitest';
import { mutate, newCustomer, newKey, newTenant, newWebhook, succeed, unique } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { hear, receivers } from './receivers.ts';

const { received } = receivers();
const heard = () => received.map(({ body }) => JSON.parse(body).type);

it('permissions are left out or a list', async () => {
  const { id } = await newWebhook();
  expect(await mutate('updateWebhook', 'webhook { id }', { id, permissions: null })).toMatchObject({
    issues: [{ path: 'permissions', message: 'is required' }],
  });
});

describe('a tenant that is restored', () => {
  const restored = async (id: string, permissions: readonly string[]) => {
    const { secret } = await newKey({ permissions: permissions as never });
    const { data } = await ask(
      'mutation($id: ID!) { restoreTenant(input: { id: $id }) { __typename ... on ForbiddenError { missingPermissions } } }',
      { id },
      secret,
    );
    return data.restoreTenant;
  };

  it('is so only by who holds all that its webhooks hold, and hears of events', async () => {
    const tenant = await newTenant();
    await newWebhook({ tenants: [tenant.id], permissions: ['customer:read'] });
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    const held = ['tenant:read', 'tenant:delete', 'event:read', 'customer:read'];
    for (const lacking of ['event:read', 'customer:read']) {
      const rest = held.filter((permission) => permission !== lacking);
      expect(await restored(tenant.id, rest)).toEqual({ __typename: 'ForbiddenError', missingPermissions: [lacking] });
    }
    expect(await restored(tenant.id, held)).toMatchObject({ __typename: 'RestoreTenantPayload' });
  });

  it('is heard of from then on; what came while it was deleted is sent by a replay', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const { id } = await newWebhook({ tenants: [tenant.id, other.id] });
    const { data } = await ask('{ events(last: 1) { pageInfo { endCursor } } }');
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    await hear(id);
    await succeed('updateCustomer', 'customer { id }', { id: customer.id, name: unique('While it was deleted') });
    await hear(id);
    expect(heard()).toEqual([]);
    await succeed('restoreTenant', 'tenant { id }', { id: tenant.id });
    await hear(id);
    expect(heard()).toEqual(['tenant.restored']);
    received.length = 0;
    await succeed('replayWebhook', 'webhook { id }', { id, after: data.events.pageInfo.endCursor });
    await hear(id);
    expect(heard()).toEqual(
      expect.arrayContaining(['customer.created', 'tenant.deleted', 'customer.updated', 'tenant.restored']),
    );
  });
});
