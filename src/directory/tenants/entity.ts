import type { Column, SQL } from 'drizzle-orm';
import { tenants } from '../../db/schema/tenants.ts';
import { sql } from '../../db/sql.ts';
import { tenantInReach } from '../access/reach.ts';
import type { Entity } from '../commands/entity.ts';
import { type TenantRecord, tenantRows } from './queries.ts';

const asFlag = (column: Column): SQL => sql`json(iif(${column}, 'true', 'false'))`;

/** What commands need to know of tenants: their table, snapshot, reach and unique values. */
export const TENANT: Entity<typeof tenants, TenantRecord> = {
  name: 'Tenant',
  word: 'tenant',
  table: tenants,
  readPermission: 'tenant:read',
  isLive: sql`tenant.deleted_at IS NULL`,
  snapshot: sql`json_object(
    'name', tenant.name, 'externalId', tenant.external_id, 'url', tenant.url, 'description', tenant.description,
    'status', tenant.status, 'partnerManaged', ${asFlag(tenants.partnerManaged)},
    'eventEnrichment', ${asFlag(tenants.eventEnrichment)}, 'test', ${asFlag(tenants.test)},
    'billing', json_object(
      'companyName', tenant.company_name, 'vatId', tenant.vat_id, 'taxType', tenant.tax_type,
      'taxExempt', tenant.tax_exempt, 'isBusinessCustomer', ${asFlag(tenants.isBusinessCustomer)},
      'isInvoicePending', ${asFlag(tenants.isInvoicePending)},
      'oneTimePaymentValidThrough', tenant.one_time_payment_valid_through,
      'billingAddress', json(tenant.billing_address), 'shippingAddress', json(tenant.shipping_address)))`,
  inReach: (reach) => tenantInReach(reach, tenants.id),
  rows: tenantRows,
  named: (record) => ({ entity: 'Tenant', record }),
  unique: [{ columns: ['externalIdKey'], path: 'externalId' }],
};
