import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import type { CommandContext } from '../commands/command.ts';
import { recordEvent } from '../commands/event-recording.ts';

/**
 * Records a new membership for each of the tenants that the customer does not belong to yet. `tenants` is a FROM item
 * with the columns `tenant_id` and `position`.
 */
export function recordJoining(context: CommandContext, customerId: SQL, tenants: SQL, condition: SQL): SQL {
  return recordEvent(
    context,
    {
      type: 'membership.created',
      subjectType: 'Customer',
      subjectId: customerId,
      after: sql`json_object('tenantId', joining.tenant_id)`,
    },
    sql`FROM (SELECT tenant_id, min(position) AS position FROM ${tenants} GROUP BY tenant_id) joining
      WHERE joining.tenant_id IS NOT NULL AND ${condition} AND NOT EXISTS (
        SELECT 1 FROM membership WHERE membership.tenant_id = joining.tenant_id AND membership.customer_id = ${customerId})
      ORDER BY joining.position`,
  );
}

/** Records the end of those memberships of the customer that meet a condition over `membership`. */
export function recordLeaving(context: CommandContext, customerId: SQL, condition: SQL): SQL {
  return recordEvent(
    context,
    {
      type: 'membership.deleted',
      subjectType: 'Customer',
      subjectId: sql`membership.customer_id`,
      before: sql`json_object('tenantId', membership.tenant_id)`,
    },
    sql`FROM membership WHERE membership.customer_id = ${customerId} AND ${condition} ORDER BY membership.tenant_id`,
  );
}

/** Returns the write that begins the memberships that were recorded. */
export const beginMemberships = (context: CommandContext): SQL =>
  sql`INSERT INTO membership (tenant_id, customer_id, created_at, created_by_type, created_by_id,
      customer_deleted, customer_kind, customer_name_key, customer_description_sort, customer_updated_at)
    SELECT event.after ->> 'tenantId', customer.id, event.created_at, event.actor_type, event.actor_id,
      customer.deleted, customer.kind, customer.name_sort, customer.description_sort, customer.updated_at
    FROM event JOIN customer ON customer.id = event.subject_id
    WHERE event.command_id = ${context.id} AND event.type = 'membership.created'`;

/** Returns the write that ends the memberships whose end was recorded. */
export const endMemberships = (context: CommandContext): SQL =>
  sql`DELETE FROM membership WHERE (tenant_id, customer_id) IN (
    SELECT event.before ->> 'tenantId', event.subject_id FROM event
    WHERE event.command_id = ${context.id} AND event.type = 'membership.deleted')`;
