import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { declaredErrors, dump, globalId, mutate, newCustomer, newKey, newTenant, unique } from './fixtures.ts';
import type { Variables } from './gateway.ts';
import { newWorld, type World } from './operations.ts';

/** For every command, and every error that it declares, an input that produces it. */
type Provocation = (world: World & Taken) => Variables | Promise<Variables>;

interface Taken {
  tenantExternalId: string;
  customerExternalId: string;
  deletedTenantOfTaken: string;
  deletedCustomerOfTaken: string;
}

const none = (type: string) => globalId(type, '01900000-0000-7000-8000-000000000000');
const tooLong = 'x'.repeat(257);
const unknownTenants = { tenantIdentifiers: [{ externalId: 'nobody' }] };

const PROVOCATIONS: Record<string, Record<string, Provocation>> = {
  updateOrganization: { ValidationError: () => ({ name: tooLong }) },
  createTenant: {
    ValidationError: () => ({ name: ' ' }),
    AlreadyExistsError: ({ tenantExternalId }) => ({ name: unique('T'), externalId: tenantExternalId }),
  },
  updateTenant: {
    ValidationError: ({ tenantId }) => ({ id: tenantId, url: 'ftp://x.example' }),
    NotFoundError: () => ({ id: none('Tenant'), name: 'x' }),
    AlreadyExistsError: ({ tenantId, tenantExternalId }) => ({ id: tenantId, externalId: tenantExternalId }),
    VersionConflictError: ({ tenantId }) => ({ id: tenantId, name: 'x', expectedVersion: 7 }),
  },
  upsertTenant: {
    ValidationError: () => ({ identifier: { externalId: unique('t') } }),
    NotFoundError: () => ({ identifier: { id: none('Tenant') }, name: 'x' }),
    AlreadyExistsError: ({ tenantId, tenantExternalId }) => ({
      identifier: { id: tenantId },
      externalId: tenantExternalId,
    }),
  },
  deleteTenant: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Tenant') }) },
  restoreTenant: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Tenant') }),
    AlreadyExistsError: ({ deletedTenantOfTaken }) => ({ id: deletedTenantOfTaken }),
  },
  createCustomer: {
    ValidationError: () => ({ name: unique('C'), email: { address: 'nowhere' } }),
    NotFoundError: () => ({ name: unique('C'), ...unknownTenants }),
    AlreadyExistsError: ({ customerExternalId }) => ({ name: unique('C'), externalId: customerExternalId }),
  },
  updateCustomer: {
    ValidationError: ({ customerId }) => ({ id: customerId, shortName: tooLong }),
    NotFoundError: () => ({ id: none('Customer'), name: unique('C') }),
    AlreadyExistsError: ({ customerId, customerExternalId }) => ({ id: customerId, externalId: customerExternalId }),
    VersionConflictError: ({ customerId }) => ({ id: customerId, name: unique('C'), expectedVersion: 7 }),
  },
  upsertCustomer: {
    ValidationError: ({ email }) => ({ identifier: { email }, email: null }),
    NotFoundError: () => ({ identifier: { id: none('Customer') } }),
    AlreadyExistsError: ({ email, customerExternalId }) => ({ identifier: { email }, externalId: customerExternalId }),
  },
  deleteCustomer: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Customer') }) },
  restoreCustomer: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Customer') }),
    AlreadyExistsError: ({ deletedCustomerOfTaken }) => ({ id: deletedCustomerOfTaken }),
  },
  ...Object.fromEntries(
    ['addCustomerToTenants', 'removeCustomerFromTenants', 'setCustomerTenants'].map((name) => [
      name,
      {
        ValidationError: ({ tenantId }) => ({
          customerIdentifier: { id: 'junk' },
          tenantIdentifiers: [{ id: tenantId }],
        }),
        NotFoundError: ({ customerId }) => ({ customerIdentifier: { id: customerId }, ...unknownTenants }),
      } satisfies Record<string, Provocation>,
    ]),
  ),
  createApiKey: {
    ValidationError: () => ({ name: 'k', permissions: ['tenant:fly'], reach: 'ORGANIZATION' }),
    NotFoundError: () => ({ name: 'k', permissions: ['tenant:read'], reach: 'TENANTS', ...unknownTenants }),
  },
  rotateApiKey: {
    ValidationError: ({ apiKeyId }) => ({ id: apiKeyId, overlapSeconds: 604_801 }),
    NotFoundError: () => ({ id: none('ApiKey') }),
  },
  revokeApiKey: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('ApiKey') }) },
};

const PAYLOADS: Record<string, string> = { createApiKey: 'secret', rotateApiKey: 'secret' };
const payloadOf = (name: string) => PAYLOADS[name] ?? '__typename';

describe('every error that a mutation declares', () => {
  let world: World & Taken;
  beforeAll(async () => {
    const [taken, takenCustomer] = [await newTenant(), await newCustomer()];
    const input = { externalId: taken.externalId };
    await mutate('deleteTenant', 'tenant { id }', { id: taken.id });
    const now = await newTenant(input);
    await mutate('deleteCustomer', 'customer { id }', { id: takenCustomer.id });
    const nowCustomer = await newCustomer({ externalId: takenCustomer.externalId });
    world = {
      ...(await newWorld()),
      tenantExternalId: now.externalId,
      customerExternalId: nowCustomer.externalId,
      deletedTenantOfTaken: taken.id,
      deletedCustomerOfTaken: takenCustomer.id,
    };
  });

  for (const { name } of COMMANDS) {
    for (const error of declaredErrors(name)) {
      it(`${name} answers ${error}, and changes nothing`, async () => {
        const { secret } = await newKey({ access: error === 'ForbiddenError' ? 'READ' : 'WRITE' });
        const provoke =
          error === 'ForbiddenError' ? Object.values(PROVOCATIONS[name] ?? {})[0] : PROVOCATIONS[name]?.[error];
        if (!provoke) throw new Error(`No test produces ${error} of ${name}`);
        const input = await provoke(world);
        const before = await dump();
        const result = await mutate(name, payloadOf(name), input, secret);
        expect(result.__typename, JSON.stringify(result)).toBe(error);
        expect(result.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
        expect(await dump()).toBe(before);
      });
    }
  }
});
