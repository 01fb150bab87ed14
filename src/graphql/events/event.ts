import {
  type EventRecord,
  eventsByIds,
  listEvents,
  MAX_SHOWN_TENANTS,
  type NamedTenants,
  tenantsNamedBy,
} from '../../directory/events.ts';
import { EVENT_TYPES } from '../../directory/kernel/event-types.ts';
import { Actor, ActorType } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { goOnWith, once } from '../shared/eventually.ts';
import { fromGlobalId, localId, subjectIdOf, toGlobalId } from '../shared/ids.ts';
import { DateTimeRange } from '../shared/list-inputs.ts';
import { loadNodesOf } from '../shared/node.ts';
import { perRecord, recordWithId } from '../shared/per-record.ts';
import { extended, price, READ_VALUE } from '../shared/prices.ts';
import { Following } from './following.ts';

const Event = builder.nodeRef<EventRecord>('Event', { id: { resolve: ({ id }) => String(id) } });

loadNodesOf('Event', Event, (caller, id, asked) => {
  if (!/^\d{1,15}$/.test(id)) return Promise.resolve(null);
  return recordWithId(eventsByIds, String(Number(id)), caller, asked);
});

/** The tenants that events name are read for all of a page together, and once for both fields that show them. */
const named = perRecord<EventRecord, object, NamedTenants>(['id'], (caller, records) => {
  const ids = records.values('id');
  if (!ids) return null;
  const found = once(() => tenantsNamedBy(caller, ids));
  found();
  return ({ id }) => goOnWith(found(), (byId) => byId.get(id) ?? { ids: [], hasMore: false });
});

const NAMED = extended({ extensions: named.extensions }, price(READ_VALUE));

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
        'The global id of what it happened to; of a permission, its name. For a membership, that is the customer; for a role in a tenant, an invitation or a session, the user.',
      resolve: ({ subjectType, subjectId }) => subjectIdOf(subjectType, subjectId),
    }),
    subjectVersion: t.exposeInt('subjectVersion', {
      nullable: true,
      description:
        'The version of that record with this change; null for records without versions, and for what was recorded before versions were kept.',
    }),
    tenantIds: t.idList({
      description: `The global ids of the tenants in your reach that it names, deleted ones included: of a customer those that it belongs to, of a user those with a role. The first ${MAX_SHOWN_TENANTS} of them by id.`,
      ...NAMED,
      resolve: (record, args, caller, info) =>
        goOnWith(named.resolve(record, args, caller, info), ({ ids }) => ids.map((id) => toGlobalId('Tenant', id))),
    }),
    hasMoreTenantIds: t.boolean({
      description: 'Whether it names more tenants in your reach than `tenantIds` has.',
      ...NAMED,
      resolve: (record, args, caller, info) =>
        goOnWith(named.resolve(record, args, caller, info), ({ hasMore }) => hasMore),
    }),
    commandId: t.exposeString('commandId', {
      description:
        'The same for all events of one command, which were committed together, and of no other. Not a global id: nothing is found by it.',
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
    subjectId: t.id({ description: 'About the record with this global id, or the permission of this name.' }),
    actor: t.field({ type: EventActorInput, description: 'By this actor.' }),
    tenantId: t.id({ description: 'That name the tenant with this global id. None do that you do not reach.' }),
    createdAt: t.field({
      type: DateTimeRange,
      description: 'That happened within. The order stays that in which they were committed.',
    }),
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

builder.subscriptionField('events', (t) =>
  t.field({
    type: EventConnection,
    nullable: true,
    description:
      'What changes, soon after it was committed: each payload is a page of events, and its `pageInfo.endCursor` is where to go on from. It ends after ten minutes at the latest: subscribe again then. Needs `event:read`.',
    args: {
      first: t.arg.int({ description: 'How many events a payload has at most: 1 to 100; 25 if not given.' }),
      after: t.arg.string({
        description: 'The cursor after which to begin. Without one, or with an empty string, it begins with the feed.',
      }),
      filter: t.arg({ type: EventFilter, description: 'Which events; all if not given.' }),
    },
    subscribe: () => {
      throw new Error('A subscription is executed for each page');
    },
    resolve: async (root, { first, after, filter }, caller, info) => {
      if (!(root instanceof Following)) throw new Error('A subscription has a reader');
      const page = { first, after: root.after ?? after };
      const listing = listEvents(caller, { ...page, filter: localFilter(filter), goesOn: root.hasBegun });
      const noted = {
        ...listing,
        page: async () => {
          const found = await listing.page();
          root.note(found, listing.cursor);
          return found;
        },
      };
      const shown = resolveConnection(noted, caller, info);
      // It is read whether it is asked for or not, because the next page begins where it ends.
      await shown.pageInfo;
      return shown;
    },
  }),
);

type GivenFilter = typeof EventFilter.$inferInput | null | undefined;

function localFilter(filter: GivenFilter) {
  if (filter == null) return null;
  const { subjectId, actor, types, tenantId, createdAt } = filter;
  const subject = subjectId == null ? null : fromGlobalId(subjectId);
  return {
    types,
    subjectId: subject?.id ?? subjectId,
    subjectType: subject?.type,
    tenantId: tenantId == null ? null : localId('Tenant', tenantId),
    createdAt,
    actor: actor && {
      type: actor.type,
      id: actor.id == null ? null : localId(actor.type === 'USER' ? 'User' : 'ApiKey', actor.id),
    },
  };
}
