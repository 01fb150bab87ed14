import { type SQL, sql } from 'drizzle-orm';
import { events } from '../../db/schema/events.ts';
import { type Statement, select } from '../../db/statement.ts';
import type { Actor } from '../access/actor.ts';
import type { EventType } from '../kernel/event-types.ts';
import { newId } from '../kernel/ids.ts';

/** What all events of one run of a command have in common. */
export interface EventContext {
  readonly id: string;
  readonly at: Date;
  readonly viewer: { readonly actor: Actor };
}

/** Returns the context of a change that a user makes, such as signing in, before there is a viewer. */
export const eventContextOf = (userId: string, at: Date): EventContext => ({
  id: newId(),
  at,
  viewer: { actor: { type: 'USER', id: userId } },
});

/** An event about to be recorded. */
interface EventDraft {
  /** An expression where the rows of `from` have several. */
  type: EventType | SQL;
  subjectType: typeof events.$inferSelect.subjectType | SQL;
  /** Expressions over the rows of `from`. */
  subjectId: SQL;
  before?: SQL;
  after?: SQL;
}

/**
 * Returns an INSERT of one event for each row of `from`, a FROM clause with its conditions. Without such a row, it does
 * nothing.
 */
export function recordEvent(context: EventContext, draft: EventDraft, from: SQL): SQL {
  const { actor } = context.viewer;
  const { type, subjectType, subjectId, before, after } = draft;
  return sql`INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, actor_id, before, after, created_at)
    SELECT ${context.id}, ${type}, ${subjectType}, ${subjectId}, ${actor.type}, ${actor.id},
      ${before ?? sql`NULL`}, ${after ?? sql`NULL`}, ${context.at.getTime()} ${from}`;
}

const ofCommand = (context: EventContext, type: EventType): SQL =>
  sql`event.command_id = ${context.id} AND event.type = ${type}`;

/** A condition of the writes that belong to an event: this command recorded one of this type. */
export const wasRecorded = (context: EventContext, type: EventType): SQL =>
  sql`EXISTS (SELECT 1 FROM event WHERE ${ofCommand(context, type)})`;

/** Returns the subjects of this command's events of this type, as a list for `IN`. */
export const recordedSubjects = (context: EventContext, type: EventType): SQL =>
  sql`(SELECT event.subject_id FROM event WHERE ${ofCommand(context, type)})`;

/** Returns an UPDATE that keeps in this command's events what their subjects look like after the writes. */
export const recordAfter = (context: EventContext, type: EventType, after: SQL): SQL =>
  sql`UPDATE event SET after = ${after} WHERE ${ofCommand(context, type)}`;

/**
 * Events that name one tenant each. Whoever reaches only that tenant must not learn the user's or customer's other
 * tenants.
 */
const OF_ONE_TENANT = listOfTypes(
  'membership.created',
  'membership.deleted',
  'tenantRole.assigned',
  'tenantRole.revoked',
  'pixel.created',
  'pixel.updated',
  'pixel.removed',
  'pipeline.created',
  'pipeline.updated',
  'pipeline.removed',
);

/** Events that name no tenant: what a user signs in to, and who signs the user in, may be out of a tenant's reach. */
const OF_NO_TENANT = listOfTypes('session.created', 'session.switched', 'session.ended', 'user.linked');

/** Returns event types as a list for `IN`. */
function listOfTypes(...types: readonly EventType[]): SQL {
  return sql.raw(`(${types.map((type) => `'${type}'`).join(', ')})`);
}

/**
 * Returns an INSERT of the tenants that this command's events name. By them, viewers who reach only some tenants find
 * the events.
 */
export function nameTenants(context: EventContext): SQL {
  const about = (subjectType: EventDraft['subjectType']) =>
    sql`event.command_id = ${context.id} AND event.subject_type = ${subjectType}`;
  const copied = sql`event.id, event.type, event.actor_type, event.actor_id`;
  return sql`INSERT INTO event_tenant (tenant_id, event_id, type, actor_type, actor_id)
    SELECT event.subject_id, ${copied} FROM event WHERE ${about('Tenant')}
    UNION ALL
    SELECT membership.tenant_id, ${copied}
    FROM event JOIN membership ON membership.customer_id = event.subject_id
    WHERE ${about('Customer')} AND event.type NOT IN ${OF_ONE_TENANT}
    UNION ALL
    SELECT COALESCE(event.after, event.before) ->> 'tenantId', ${copied}
    FROM event WHERE event.command_id = ${context.id} AND event.type IN ${OF_ONE_TENANT}
    UNION ALL
    SELECT assignment.tenant_id, ${copied}
    FROM event JOIN assignment ON assignment.user_id = event.subject_id
    WHERE ${about('User')} AND event.type NOT IN ${OF_ONE_TENANT} AND event.type NOT IN ${OF_NO_TENANT}
    UNION ALL
    SELECT api_key_tenant.tenant_id, ${copied}
    FROM event JOIN api_key_tenant ON api_key_tenant.api_key_id = event.subject_id
    WHERE ${about('ApiKey')}`;
}

/** Returns a statement that reads the types of the events that this command recorded. */
export const eventsOf = ({ id }: Pick<EventContext, 'id'>): Statement<{ type: EventType }> =>
  select(
    { type: sql<EventType>`${events.type}` },
    sql`FROM event WHERE ${events.commandId} = ${id} GROUP BY ${events.type}`,
  );

/** Returns a SELECT of the subjects of all events of this command. */
export const allRecordedSubjects = (context: EventContext): SQL =>
  sql`SELECT ${events.subjectId} FROM event WHERE ${events.commandId} = ${context.id}`;
