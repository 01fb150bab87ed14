import { printType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../../src/dialects/capig/schema.ts';
import { newTenant, rawId, unique } from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import createAnswer from './create-tenant.answer.txt?raw';
import createExample from './create-tenant.example.txt?raw';
import createFull from './create-tenant.full.txt?raw';
import createInput from './create-tenant.input.txt?raw';
import createVariables from './create-tenant.variables.txt?raw';
import deleteAnswer from './delete-tenant.answer.txt?raw';
import deleteExample from './delete-tenant.example.txt?raw';
import deleteFull from './delete-tenant.full.txt?raw';
import deleteVariables from './delete-tenant.variables.txt?raw';
import { asked, type Json, livelyTenant } from './hub.ts';
import tenantAnswer from './tenant.answer.txt?raw';
import tenantExample from './tenant.example.txt?raw';
import tenantFull from './tenant.full.txt?raw';
import tenantVariables from './tenant.variables.txt?raw';
import usageAnswer from './tenant-usage.answer.txt?raw';
import usageExample from './tenant-usage.example.txt?raw';
import usageFull from './tenant-usage.full.txt?raw';
import updateAnswer from './update-tenant.answer.txt?raw';
import updateExample from './update-tenant.example.txt?raw';
import updateFull from './update-tenant.full.txt?raw';
import updateInput from './update-tenant.input.txt?raw';
import updateVariables from './update-tenant.variables.txt?raw';

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A sample of the document, in which commas may be missing. */
const sampleOf = (text: string): Json => JSON.parse(text.replaceAll(/(true|false|\d|")\n(?=")/g, '$1,\n'));

/** The variables of the document, with the id of a tenant of ours. */
const withTenant = (text: string, tenantId: string): Variables => {
  const variables: Json = JSON.parse(text);
  const inInput = isObject(variables.input) && 'tenantId' in variables.input;
  return inInput ? { input: { ...(variables.input as Json), tenantId } } : { ...variables, tenantId };
};

/** What a value looks like: the types of what it has, of a list those of its records. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf).slice(0, 1);
  if (!isObject(value)) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]));
}

const USER_SHAPE = {
  id: 'string',
  email: 'string',
  roles: [{ name: 'string', displayName: 'string' }],
  tenants: [
    {
      id: 'string',
      name: 'string',
      status: 'number',
      canPartnerManage: 'boolean',
      availableRoles: [{ name: 'string', displayName: 'string' }],
    },
  ],
  isSelf: 'boolean',
  canBeDeleted: 'boolean',
  defaultTenantId: 'string',
};

const TENANT_SHAPE = {
  id: 'string',
  name: 'string',
  status: 'number',
  canPartnerManage: 'boolean',
  users: [USER_SHAPE],
  availableRoles: [{ name: 'string', displayName: 'string' }],
  tenantUsage: {
    totalActivePixels: 'number',
    totalInactivePixels: 'number',
    totalPixels: 'number',
    tenantUsageByTraffic: {
      totalEventsReceived: 'number',
      totalPixelsWithTraffic: 'number',
      publishError: 'boolean',
      durationInHours: 'number',
      lastUpdatedAt: 'string',
    },
  },
  canEditTenantSettingsInUI: 'boolean',
  canViewTenantInUI: 'boolean',
};

describe('the documents, to the letter', () => {
  it('create a tenant', async () => {
    const { data } = await asked(createExample, JSON.parse(createVariables));
    const { tenant } = data.tenantMutations.createTenant;
    const { id, ...sample } = (sampleOf(createAnswer) as typeof data).data.tenantMutations.createTenant.tenant;
    expect(tenant).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      name: sample.name,
      status: sample.status,
      canPartnerManage: sample.canPartnerManage,
    });

    const admin = `${unique('admin')}@x.example`;
    const input = { name: unique('T'), canPartnerManage: false, adminEmail: admin, eventEnrichment: true };
    const full = (await asked(createFull, { input })).data.tenantMutations.createTenant.tenant;
    const { tenantUsage, ...shape } = TENANT_SHAPE;
    expect(shapeOf(full)).toMatchObject({ ...shape, canEditTenantUsersInUI: 'boolean' });
    expect(Object.keys(full).sort()).toEqual([...Object.keys(TENANT_SHAPE), 'canEditTenantUsersInUI'].sort());
    expect(full.tenantUsage.tenantUsageByTraffic.lastUpdatedAt).toBeNull();
    for (const name of Object.keys(sample)) expect(typeof full[name], name).toBe(typeof sample[name]);
    expect(full.users[0]).toMatchObject({ email: admin, canBeDeleted: false, defaultTenantId: full.id });
    const events = (
      await ask('query($id: ID!) { tenant(id: $id) { eventEnrichment partnerManaged } }', { id: full.id })
    ).data.tenant;
    expect(events).toEqual({ eventEnrichment: true, partnerManaged: false });
  });

  it('read a tenant', async () => {
    const tenant = await livelyTenant();
    const { data } = await asked(tenantExample, withTenant(tenantVariables, rawId(tenant.id)));
    expect(shapeOf(data)).toEqual(shapeOf(sampleOf(tenantAnswer).data));
    expect(data.tenant.users[0].roles).toEqual([
      { name: `advertiser-manage-${rawId(tenant.id)}`, displayName: 'manage' },
    ]);
    const full = await asked(tenantFull, withTenant(tenantVariables, rawId(tenant.id)));
    expect(shapeOf(full.data.tenant)).toEqual(TENANT_SHAPE);
  });

  it('change a tenant', async () => {
    const tenant = await livelyTenant();
    const variables = withTenant(updateVariables, rawId(tenant.id));
    const { data } = await asked(updateExample, variables);
    const sample = (sampleOf(updateAnswer) as typeof data).data;
    sample.tenantMutations.updateTenant.tenant.id = rawId(tenant.id);
    expect(data).toEqual(sample);
    const full = (await asked(updateFull, variables)).data.tenantMutations.updateTenant.tenant;
    expect(shapeOf(full)).toEqual(TENANT_SHAPE);
  });

  it('delete a tenant', async () => {
    for (const document of [deleteExample, deleteFull]) {
      const tenant = await newTenant();
      const { data } = await asked(document, withTenant(deleteVariables, rawId(tenant.id)));
      expect(data).toEqual(sampleOf(deleteAnswer).data);
      expect((await ask('query($id: ID!) { tenant(id: $id) { id } }', { id: tenant.id })).data.tenant).toBeNull();
    }
  });

  it('read the usage of a tenant', async () => {
    const tenant = await livelyTenant();
    const named = usageExample.replace('IaoreXfj', rawId(tenant.id));
    const { data } = await asked(named);
    expect(shapeOf(data)).toMatchObject(shapeOf(sampleOf(usageAnswer).data) as Json);
    const full = (await asked(usageFull, { tenantId: rawId(tenant.id) })).data.tenantUsage;
    expect(full).toEqual({
      totalActivePipeline: 1,
      totalInactivePixels: 0,
      totalPixels: 1,
      totalPipelines: 1,
      tenantUsageByTraffic: { totalEventsReceived: 5, totalPixelsWithTraffic: 1 },
    });
  });

  it('have the inputs that the schema has', () => {
    const fieldsOf = (text: string) => [...text.matchAll(/^\s*(\w+: \w+!?)$/gm)].map(([, field]) => field).sort();
    for (const text of [createInput, updateInput]) {
      const [, name = ''] = /^input (\w+)/.exec(text) ?? [];
      const type = schema.getType(name);
      expect(type, name).toBeDefined();
      if (type) expect(fieldsOf(printType(type).replaceAll(/"""[\s\S]*?"""/g, ''))).toEqual(fieldsOf(text));
    }
  });

  it('are answered with and without the last slash, and by POST only', async () => {
    const { id } = await newTenant();
    const request = (path: string, method = 'POST') =>
      send(
        new Request(`${PUBLIC_URL}${path}`, {
          method,
          headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' },
          ...(method === 'POST' && {
            body: JSON.stringify({ query: tenantExample, variables: { tenantId: rawId(id) } }),
          }),
        }),
      );
    for (const path of ['/hub/graphql', '/hub/graphql/']) expect((await request(path)).status).toBe(200);
    const statuses = [await request('/hub/graphql/', 'GET'), await request('/hub/else'), await request('/clients')];
    expect(statuses.map(({ status, errors }) => [status, errors[0].extensions.status])).toEqual([
      [405, 405],
      [404, 404],
      [404, 404],
    ]);
  });
});
