import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { customerInReach, tenantInReach } from '../access/reach.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { subjectOf } from '../commands/entity.ts';
import { isCustomer } from '../commands/identifiers.ts';
import { allExist, missingTenants, missingUnless, pathOf, resolveTenants } from '../commands/references.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { customerIdentifier, tenantIdentifiers } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { CUSTOMER } from './entity.ts';
import { beginMemberships, endMemberships, recordJoining, recordLeaving } from './memberships.ts';
import { type CustomerRecord, customerRows } from './queries.ts';

const input = lazily(() =>
  z.object({ customerIdentifier: customerIdentifier(), tenantIdentifiers: tenantIdentifiers() }),
);
type Input = OutputOf<typeof input>;

const errors = [ValidationError, NotFoundError, ForbiddenError];

/** The customer whose memberships the command set; null where a repetition cannot show it any more. */
export interface MembershipResult {
  customer: CustomerRecord | null;
}

/** Adds the customer to all of the tenants, or to none. Belonging to one of them already is no error. */
export const addCustomerToTenants = command({
  name: 'addCustomerToTenants',
  permissions: ['customer:edit', 'customerTenantMembership:create'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input,
  errors,
  plan: (context, given: Input): Plan<MembershipResult, CustomerRecord> => ({
    ...planMemberships(context, given, ({ customerId, tenants }, allowed) => [
      recordJoining(context, customerId, tenants, allowed),
      beginMemberships(context),
    ]),
    answersBeforeWriting: false,
  }),
});

/** Removes the customer from all of the tenants, or from none. Not belonging to one of them is no error. */
export const removeCustomerFromTenants = command({
  name: 'removeCustomerFromTenants',
  permissions: ['customer:edit', 'customerTenantMembership:delete'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input,
  errors,
  plan: (context, given: Input): Plan<MembershipResult, CustomerRecord> =>
    planMemberships(context, given, ({ customerId, tenants }, allowed) => [
      recordLeaving(
        context,
        customerId,
        sql`${allowed} AND membership.tenant_id IN (SELECT tenant_id FROM ${tenants})`,
      ),
      endMemberships(context),
    ]),
});

/** Makes these tenants the only ones in reach that the customer belongs to. Memberships in hidden tenants stay. */
export const setCustomerTenants = command({
  name: 'setCustomerTenants',
  permissions: ['customer:edit', 'customerTenantMembership:create', 'customerTenantMembership:delete'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input,
  errors,
  plan: (context, given: Input): Plan<MembershipResult, CustomerRecord> =>
    planMemberships(context, given, ({ customerId, tenants }, allowed) => [
      recordLeaving(
        context,
        customerId,
        sql`${allowed} AND membership.tenant_id NOT IN (SELECT tenant_id FROM ${tenants})
          AND ${tenantInReach(context.viewer.reach, sql`membership.tenant_id`)}
          AND EXISTS (SELECT 1 FROM tenant WHERE tenant.id = membership.tenant_id AND tenant.deleted_at IS NULL)`,
      ),
      recordJoining(context, customerId, tenants, allowed),
      beginMemberships(context),
      endMemberships(context),
    ]),
});

interface Resolved {
  /** The id of the customer; NULL if the identifier names none in reach. */
  customerId: SQL;
  /** A row (position, path, tenant_id) for each tenant identifier. */
  tenants: SQL;
}

function planMemberships(
  context: CommandContext,
  { customerIdentifier, tenantIdentifiers }: Input,
  writes: (resolved: Resolved, allowed: SQL) => SQL[],
): Plan<MembershipResult, CustomerRecord> {
  const target = sql`${isCustomer(customerIdentifier)} AND ${customerInReach(context.viewer.reach, sql`customer.id`)}`;
  const tenants = resolveTenants(context.viewer.reach, tenantIdentifiers, 'tenantIdentifiers');
  const customerId = sql`(SELECT customer.id FROM customer WHERE ${target})`;
  const customerPath = pathOf('customerIdentifier', customerIdentifier);
  return {
    checks: [allExist([missingUnless(sql`EXISTS ${customerId}`, customerPath, 'customer'), missingTenants(tenants)])],
    writes: (allowed) => writes({ customerId, tenants }, allowed),
    answer: customerRows(sql`WHERE ${target}`),
    answersBeforeWriting: true,
    subject: subjectOf(CUSTOMER, context.viewer, customerId),
    result: (customer) => ({ customer }),
  };
}
