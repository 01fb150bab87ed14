import type { SQL } from 'drizzle-orm';
import { renderedOnce } from '../../db/rendered.ts';
import { events } from '../../db/schema/events.ts';
import { sql } from '../../db/sql.ts';
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
  type: EventType;
  subjectType: SubjectType;
  /** Expressions over the rows of `from`. */
  subjectId: SQL;
  before?: SQL;
  after?: SQL;
}

type SubjectType = typeof events.$inferSelect.subjectType;

/** An event whose type depends on the row of `from`: so does whether its subject has versions, which has to be said. */
interface EventOfAnyType extends Omit<EventDraft, 'type' | 'subjectType'> {
  type: SQL;
  subjectType: SQL;
  version: SQL;
}

/** The tables of the subjects that have versions. */
const VERSIONED: Partial<Record<SubjectType, SQL>> = {
  Tenant: sql.raw('tenant'),
  Customer: sql.raw('customer'),
  User: sql.raw('user'),
};

/**
 * The version that a subject has with a change, before it is made. Hiding counts as a change, and who is not there yet is
 * being created. What else changes a version is looked up after the writes, by `recordAfter`.
 */
function versionWith({ type, subjectType, subjectId }: EventDraft): SQL {
  const table = VERSIONED[subjectType];
  if (!table) return sql`NULL`;
  const version = type.endsWith('.deleted') && subjectType === subjectOfType(type) ? sql`version + 1` : sql`version`;
  return sql`coalesce((SELECT ${version} FROM ${table} versioned WHERE versioned.id = ${subjectId}), 1)`;
}

/** The type of the records that events of a type begin with: `Tenant` for `tenant.created`. */
const subjectOfType = (type: EventType) =>
  `${type.charAt(0).toUpperCase()}${type.slice(1, type.indexOf('.'))}` as SubjectType;

/**
 * Returns an INSERT of one event for each row of `from`, a FROM clause with its conditions. Without such a row, it does
 * nothing.
 */
export function recordEvent(context: EventContext, draft: EventDraft | EventOfAnyType, from: SQL): SQL {
  const { actor } = context.viewer;
  const { type, subjectType, subjectId, before, after } = draft;
  return sql`INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, actor_id, before, after, created_at,
      subject_version)
    SELECT ${context.id}, ${type}, ${subjectType}, ${subjectId}, ${actor.type}, ${actor.id},
      ${before ?? sql`NULL`}, ${after ?? sql`NULL`}, ${context.at.getTime()}, ${'version' in draft ? draft.version : versionWith(draft)} ${from}`;
}

const ofCommand = (context: EventContext, type: EventType): SQL =>
  sql`event.command_id = ${context.id} AND event.type = ${type}`;

/** A condition of the writes that belong to an event: this command recorded one of this type. */
export const wasRecorded = (context: EventContext, type: EventType): SQL =>
  sql`EXISTS (SELECT 1 FROM event WHERE ${ofCommand(context, type)})`;

/** Returns the subjects of this command's events of this type, as a list for `IN`. */
export const recordedSubjects = (context: EventContext, type: EventType): SQL =>
  sql`(SELECT event.subject_id FROM event WHERE ${ofCommand(context, type)})`;

/**
 * Returns an UPDATE that keeps in this command's events of these types, whose subjects are of one type, what these look like after
 * the writes, and their versions.
 */
export function recordAfter(context: EventContext, types: readonly [EventType, ...EventType[]], after: SQL): SQL {
  const table = VERSIONED[subjectOfType(types[0])];
  const version = table
    ? sql`, subject_version = (SELECT version FROM ${table} versioned WHERE versioned.id = event.subject_id)`
    : sql``;
  const list = sql.join(
    types.map((type) => sql`${type}`),
    sql`, `,
  );
  return sql`UPDATE event SET after = ${after}${version} WHERE event.command_id = ${context.id} AND event.type IN (${list})`;
}

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

/** The tenants that an event names, as a JSON array: those that its subject has to do with, unless its type says otherwise. */
const TENANTS_OF_EVENT = renderedOnce(sql`CASE
  WHEN event.type IN ${OF_ONE_TENANT} THEN json_array(coalesce(event.after, event.before) ->> 'tenantId')
  WHEN event.type IN ${OF_NO_TENANT} THEN '[]'
  WHEN event.subject_type = 'Tenant' THEN json_array(event.subject_id)
  WHEN event.subject_type = 'Customer' THEN (SELECT json_group_array(tenant_id) FROM membership WHERE customer_id = event.subject_id)
  WHEN event.subject_type = 'User' THEN (SELECT json_group_array(tenant_id) FROM assignment WHERE user_id = event.subject_id)
  WHEN event.subject_type = 'ApiKey' THEN (SELECT json_group_array(tenant_id) FROM api_key_tenant WHERE api_key_id = event.subject_id)
  WHEN event.subject_type = 'Webhook' THEN (SELECT json_group_array(tenant_id) FROM webhook_tenant WHERE webhook_id = event.subject_id)
  ELSE '[]' END`);

/**
 * Returns an INSERT of the tenants that this command's events name. By them, viewers who reach only some tenants find
 * the events.
 */
export const nameTenants = ({ id }: EventContext): SQL =>
  sql`INSERT INTO event_tenant (tenant_id, event_id, type, actor_type, actor_id)
    SELECT named.value, event.id, event.type, event.actor_type, event.actor_id
    FROM event CROSS JOIN json_each(${TENANTS_OF_EVENT}) named WHERE event.command_id = ${id}`;

/** Whether any webhook is to hear of what is committed: an expression that reads one row at most. */
const IS_HEARD = sql<number>`EXISTS (SELECT 1 FROM webhook WHERE webhook.enabled = 1)`;

/** Returns a statement that reads the types of the events that this command recorded, and whether any webhook is to hear of them. */
export const eventsOf = ({ id }: Pick<EventContext, 'id'>): Statement<{ type: EventType; isHeard: number }> =>
  select(
    { type: sql<EventType>`${events.type}`, isHeard: IS_HEARD },
    sql`FROM event WHERE ${events.commandId} = ${id} GROUP BY ${events.type}`,
  );

/** Returns a table of one row: `types`, the types of those events as a JSON array, and `is_heard`, which is NULL where there is none. */
export const recordedBy = (context: Pick<EventContext, 'id'>): SQL =>
  sql`(SELECT json_group_array(type) AS types, max("isHeard") AS is_heard FROM (${eventsOf(context).sql}))`;

/** Has webhooks hear of the events that were recorded (`eventsOf`), if any is to. */
export function tell(recorded: readonly { isHeard: number }[], { eventsAreDue }: { eventsAreDue(): void }): void {
  if (recorded.some(({ isHeard }) => isHeard === 1)) eventsAreDue();
}

/** Returns a SELECT of the subjects of all events of this command. */
export const allRecordedSubjects = (context: EventContext): SQL =>
  sql`SELECT ${events.subjectId} FROM event WHERE ${events.commandId} = ${context.id}`;
