import { sql } from '../../db/sql.ts';
import { inList, select } from '../../db/statement.ts';
import type { Actor } from '../access/actor.ts';
import { type Caller, requirePermissions, requireReach } from '../access/viewer.ts';

/** Who made a customer, and who had changed it last before an event about it: what events by themselves do not say. */
export interface CustomerAuthors {
  /** Null of a customer who was erased. */
  createdBy: Actor | null;
  /** Null if there was none since the customer was created, or if it is in the feed no more. */
  before: { by: Actor; at: Date } | null;
}

const LAST_BEFORE = sql`(SELECT max(earlier.id) FROM event earlier
  WHERE earlier.subject_id = event.subject_id AND earlier.id < event.id
    AND earlier.type IN ('customer.updated', 'customer.deleted', 'customer.restored'))`;

const authorsOf = (eventIds: readonly number[]) =>
  select(
    {
      eventId: sql<number>`event.id`,
      createdByType: sql<Actor['type'] | null>`customer.created_by_type`,
      createdById: sql<string | null>`customer.created_by_id`,
      beforeByType: sql<Actor['type'] | null>`before.actor_type`,
      beforeById: sql<string | null>`before.actor_id`,
      beforeAt: sql<number | null>`before.created_at`,
    },
    sql`FROM event LEFT JOIN customer ON customer.id = event.subject_id LEFT JOIN event before ON before.id = ${LAST_BEFORE}
      WHERE ${inList(sql`event.id`, eventIds)}`,
  );

const actorOf = (type: Actor['type'], id: string | null): Actor => ({ type, id }) as Actor;

/**
 * Reads the authors of the customers that these events are about, by the ids of the events, and the id of the organization, in one
 * D1 call.
 *
 * @throws ForbiddenError if the viewer lacks `event:read` or `customer:read`, or does not reach the whole organization
 */
export async function customerAuthors({ db, viewer }: Pick<Caller, 'db' | 'viewer'>, eventIds: readonly number[]) {
  requirePermissions(viewer, ['event:read', 'customer:read']);
  requireReach(viewer, ['ORGANIZATION']);
  const { authors, organization } = await db.reads({
    authors: authorsOf(eventIds),
    organization: select({ id: sql<string>`organization.id` }, sql`FROM organization`),
  });
  const byEvent = authors.map((row): [number, CustomerAuthors] => [
    row.eventId,
    {
      createdBy: row.createdByType && actorOf(row.createdByType, row.createdById),
      before:
        row.beforeByType === null || row.beforeAt === null
          ? null
          : { by: actorOf(row.beforeByType, row.beforeById), at: new Date(row.beforeAt) },
    },
  ]);
  return { authors: new Map(byEvent), organizationId: organization[0]?.id ?? '' };
}
