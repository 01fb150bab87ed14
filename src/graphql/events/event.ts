import { type EventRecord, eventsByIds, listEvents } from '../../directory/events.ts';
import { EVENT_TYPES } from '../../directory/kernel/event-types.ts';
import { Actor, ActorType } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { fromGlobalId, localId, toGlobalId } from '../shared/ids.ts';
import { loadNodesOf } from '../shared/node.ts';
import { UNCACHED } from '../shared/per-record.ts';

const Event = builder.loadableNodeRef('Event', {
  id: { resolve: (record: EventRecord) => String(record.id) },
  load: (ids: number[], caller) => eventsByIds(caller, ids),
  sort: ({ id }: EventRecord) => id,
  loaderOptions: UNCACHED,
});

loadNodesOf('Event', Event, (caller, id) =>
  /^\d{1,15}$/.test(id) ? Event.getDataloader(caller).load(Number(id)) : Promise.resolve(null),
);

/** The members of a snapshot that hold local ids, and the type of the records that these belong to. */
const REFERENCES = {
  tenantId: 'Tenant',
  defaultTenantId: 'Tenant',
  customerId: 'Customer',
  roleId: 'Role',
  trustedIssuerId: 'TrustedIssuer',
  tenantIds: 'Tenant',
  customerIds: 'Customer',
  roleIds: 'Role',
};

function globalIdsIn(snapshot: Record<string, unknown>, subjectType: string): Record<string, unknown> {
  // A value can only be that of another record of the same kind.
  return Object.fromEntries(
    Object.entries({ ...REFERENCES, collidesWith: subjectType }).flatMap(([member, type]): [string, unknown][] => {
      const held = snapshot[member];
      if (Array.isArray(held)) return [[member, held.map((id) => toGlobalId(type, id))]];
      return typeof held === 'string' ? [[member, toGlobalId(type, held)]] : [];
    }),
  );
}

/** Returns a snapshot with global ids. Events keep ids as tables do; the API shows none but global ones. */
function withGlobalIds(
  snapshot: Record<string, unknown> | null,
  { subjectType }: EventRecord,
): Record<string, unknown> | null {
  if (snapshot === null) return null;
  return { ...snapshot, ...globalIdsIn(snapshot, subjectType) };
}

Event.implement({
  description:
    'Something that changed, written together with the change. Reading it needs `event:read`, and a reach that holds a tenant it names.',
  fields: (t) => ({
    type: t.exposeString('type', {
      description: `What happened: one of ${EVENT_TYPES.map((type) => `\`${type}\``).join(', ')}.`,
    }),
    subjectId: t.id({
      description:
        'The global id of what it happened to. For a membership, that is the customer; for a role in a tenant, an invitation or a session, the user.',
      resolve: ({ subjectType, subjectId }) => toGlobalId(subjectType, subjectId),
    }),
    actor: t.field({
      type: Actor,
      description: 'Who did it.',
      resolve: ({ actorType: type, actorId: id }) => ({ type, id }),
    }),
    before: t.field({
      type: 'JSONObject',
      nullable: true,
      description:
        'The subject before, with the field names of its type, `{ tenantId }` of a membership, or `{ tenantId roleId }` of a role in a tenant; null if it was not there, or you may not read such records.',
      resolve: (record) => withGlobalIds(record.before, record),
    }),
    after: t.field({
      type: 'JSONObject',
      nullable: true,
      description:
        'The subject afterwards, with the field names of its type, `{ tenantId }` of a membership, `{ tenantId roleId }` of a role in a tenant, or `{ path collidesWith }` where a value turned out to be that of another record, by its global id, when the rules changed by which values are compared; null if it is gone, or you may not read such records.',
      resolve: (record) => withGlobalIds(record.after, record),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it happened.' }),
  }),
});

const EventConnection = builder.connectionObject(
  { type: Event, name: 'EventConnection', description: 'One page of events.' },
  { name: 'EventEdge', description: 'An event at its place in the feed.' },
);

const EventActorInput = builder.inputType('EventActorInput', {
  description: 'Who made a change.',
  fields: (t) => ({
    type: t.field({ type: ActorType, required: true, description: 'What kind of credential or process.' }),
    id: t.id({ description: 'The global id of the API key or user; none for ROOT and SYSTEM.' }),
  }),
});

const EventFilter = builder.inputType('EventFilter', {
  description: 'Which events a list has: those that satisfy everything given here.',
  fields: (t) => ({
    types: t.stringList({ description: 'Any of these types, at least one.' }),
    subjectId: t.id({ description: 'About the record with this global id.' }),
    actor: t.field({ type: EventActorInput, description: 'By this actor.' }),
  }),
});

builder.queryField('events', (t) =>
  t.connection(
    {
      type: Event,
      description:
        'What changed, in the order in which the changes were committed: a reader who goes on from the last cursor misses none and sees none twice. Needs `event:read`.',
      args: { filter: t.arg({ type: EventFilter, description: 'Which events; all if not given.' }) },
      resolve: (_, { filter, ...page }, caller, info) =>
        resolveConnection(listEvents(caller, { ...page, filter: localFilter(filter) }), caller, info),
    },
    EventConnection,
  ),
);

type GivenFilter = typeof EventFilter.$inferInput | null | undefined;

function localFilter(filter: GivenFilter) {
  if (filter == null) return null;
  const { subjectId, actor, types } = filter;
  return {
    types,
    subjectId: subjectId == null ? null : (fromGlobalId(subjectId)?.id ?? subjectId),
    actor: actor && {
      type: actor.type,
      id: actor.id == null ? null : localId(actor.type === 'USER' ? 'User' : 'ApiKey', actor.id),
    },
  };
}
