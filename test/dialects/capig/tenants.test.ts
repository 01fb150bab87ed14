import { describe, expect, it } from 'vitest';
import {
  eventsAbout,
  newCustomer,
  newKey,
  newPipeline,
  newPixel,
  newTenant,
  rawId,
  succeed,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { asked, email, hub, livelyTenant, UPDATE } from './hub.ts';

describe('a tenant', () => {
  it('has each status as a number, both ways', async () => {
    const tenant = await newTenant();
    for (const [status, name] of ['ACTIVE', 'PENDING', 'DEACTIVATED'].entries()) {
      const { data } = await asked(UPDATE, { input: { tenantId: rawId(tenant.id), status } });
      expect(data.tenantMutations.updateTenant.tenant.status).toBe(status);
      const own = await ask('query($id: ID!) { tenant(id: $id) { status } }', { id: tenant.id });
      expect(own.data.tenant.status).toBe(name);
    }
  });

  it('stays as it is where nothing is given, or null', async () => {
    const tenant = await newTenant({ partnerManaged: false, adminEmail: email() });
    const input = { tenantId: tenant.id, name: null, status: null, canPartnerManage: null };
    const { data } = await asked(UPDATE, { input });
    expect(data.tenantMutations.updateTenant.tenant).toEqual({
      id: rawId(tenant.id),
      name: tenant.name,
      status: 0,
      canPartnerManage: false,
    });
    expect(await eventsAbout(tenant.id)).toEqual(['tenant.created']);
  });

  it('says what the caller can do in it, as /graphql does', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const keys = [
      await newKey(),
      await newKey({ access: 'READ' }),
      await newKey({ permissions: ['tenant:read', 'tenant:edit'] }),
      await newKey({ permissions: ['tenant:read', 'user:edit'], tenants: [tenant.id] }),
      await newKey({ customer: customer.id }),
    ];
    const seen = new Set<string>();
    for (const { secret } of keys) {
      const here = await hub(
        'query($tenantId: String!) { tenant(tenantId: $tenantId) { canEditTenantSettingsInUI canViewTenantInUI canEditTenantUsersInUI } }',
        { tenantId: rawId(tenant.id) },
        secret,
      );
      const own = await ask(
        'query($id: ID!) { tenant(id: $id) { viewerCanEditSettings viewerCanView viewerCanEditUsers } }',
        { id: tenant.id },
        secret,
      );
      expect(Object.values(here.data.tenant)).toEqual(Object.values(own.data.tenant));
      seen.add(here.text);
    }
    expect(seen.size, 'the keys differ in what they can do').toBeGreaterThan(3);
  });

  it('has the usage that /graphql has', async () => {
    const tenant = await livelyTenant();
    const [pixel, pipeline] = [await newPixel(tenant.id), await newPipeline(tenant.id)];
    await succeed('updatePixel', 'pixel { id }', { id: pixel.id, status: 'INACTIVE' });
    await succeed('updatePipeline', 'pipeline { id }', { id: pipeline.id, status: 'INACTIVE' });
    const fields = `totalPixels totalActivePixels totalInactivePixels totalPipelines totalActivePipeline
      tenantUsageByTraffic { totalEventsReceived totalPixelsWithTraffic publishError durationInHours lastUpdatedAt }`;
    const document = `query($tenantId: String!) { tenantUsage(tenantId: $tenantId) { ${fields} }
      tenant(tenantId: $tenantId) { tenantUsage { ${fields} } } }`;
    const { data } = await asked(document, { tenantId: tenant.id });
    const { usage } = (
      await ask(
        `query($id: ID!) { tenant(id: $id) { usage { pixels { total active inactive } pipelines { total active }
          eventsReceived pixelsWithTraffic publishFailed durationInHours lastUpdatedAt } } }`,
        { id: tenant.id },
      )
    ).data.tenant;
    expect(data.tenant.tenantUsage).toEqual(data.tenantUsage);
    expect(data.tenantUsage).toEqual({
      totalPixels: usage.pixels.total,
      totalActivePixels: usage.pixels.active,
      totalInactivePixels: usage.pixels.inactive,
      totalPipelines: usage.pipelines.total,
      totalActivePipeline: usage.pipelines.active,
      tenantUsageByTraffic: {
        totalEventsReceived: usage.eventsReceived,
        totalPixelsWithTraffic: usage.pixelsWithTraffic,
        publishError: usage.publishFailed,
        durationInHours: usage.durationInHours,
        lastUpdatedAt: usage.lastUpdatedAt,
      },
    });
  });
});
