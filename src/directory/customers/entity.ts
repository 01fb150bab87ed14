import { customers } from '../../db/schema/customers.ts';
import { sql } from '../../db/sql.ts';
import { customerInReach } from '../access/reach.ts';
import type { Entity } from '../commands/entity.ts';
import { type CustomerRecord, customerRows } from './queries.ts';

/** What commands need to know of customers: their table, snapshot, reach and unique values. */
export const CUSTOMER: Entity<typeof customers, CustomerRecord> = {
  name: 'Customer',
  word: 'customer',
  table: customers,
  readPermission: 'customer:read',
  isLive: sql`customer.deleted_at IS NULL`,
  snapshot: sql`json_object(
    'kind', customer.kind, 'name', customer.name, 'shortName', customer.short_name,
    'email', CASE WHEN customer.email IS NOT NULL
      THEN json_object('address', customer.email, 'isVerified', json(iif(customer.email_verified, 'true', 'false'))) END,
    'externalId', customer.external_id, 'description', customer.description, 'labels', json(customer.labels))`,
  inReach: (reach) => customerInReach(reach, customers.id),
  rows: customerRows,
  named: (record) => ({ entity: 'Customer', record }),
  unique: [
    { columns: ['emailKey'], path: 'email.address' },
    { columns: ['externalIdKey'], path: 'externalId' },
    { columns: ['nameKey'], path: 'name', among: sql`customer.kind = 'COMPANY'` },
  ],
};
