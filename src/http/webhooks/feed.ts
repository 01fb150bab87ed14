import type { Database } from '../../db/client.ts';
import { eventCursor } from '../../directory/events.ts';
import type { SendingWebhook } from '../../directory/webhooks/sending.ts';
import { schemaFor } from '../../graphql/schemas.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import type { GraphQLContext } from '../graphql/api.ts';
import { graphQLEndpoint } from '../graphql/endpoint.ts';
import { failure } from '../shared/failures.ts';
import { untraced } from '../shared/tracing.ts';

/** An event as `/graphql` shows it. */
export interface ShownEvent {
  id: string;
  type: string;
  createdAt: string;
  subjectId: string;
  actor: { type: string; id: string | null };
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  [field: string]: unknown;
}

/** An event with its place in the feed. */
export interface FeedEvent {
  eventId: number;
  cursor: string;
  event: ShownEvent;
}

const EVENT = `fragment Shown on Event {
  id type subjectId subjectVersion tenantIds hasMoreTenantIds commandId actor { type id } before after createdAt }`;
const BEHIND = `query Behind($first: Int!, $after: String!, $types: [String!]) {
  events(first: $first, after: $after, filter: { types: $types }) { nodes { ...Shown } }
} ${EVENT}`;
const AGAIN = `query Again($ids: [ID!]!) { nodes(ids: $ids) { ...Shown } } ${EVENT}`;

const answer = graphQLEndpoint({
  schema: schemaFor,
  failure,
  spelled: (error) => error,
});

/**
 * Asks `/graphql` in the name of a webhook, so that it hears of an event exactly what a key with its reach and its permissions
 * is shown.
 * @throws Error if there is no answer without an error
 */
async function ask<Data>(db: Database, { viewer }: SendingWebhook, query: string, variables: object): Promise<Data> {
  const body = new TextEncoder().encode(JSON.stringify({ query, variables }));
  const request = new Request('https://webhooks.invalid/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  const context: GraphQLContext = {
    viewer,
    db,
    tokens: null,
    mailIsDue: () => {},
    eventsAreDue: () => {},
    countWrong: async () => {},
    noteLater: () => {},
    neighbourhood: { ownHosts: [], isOwnMachine: false },
    linkTo: () => null,
    repeatable: null,
    tookEffect: () => {},
    readAlong: () => () => {},
    requestId: crypto.randomUUID(),
    trace: untraced,
  };
  const response = await answer(request, body, context);
  const { data, errors } = await response.json<{ data?: Data; errors?: { message: string }[] }>();
  if (errors || !data) throw new Error(`The feed could not be read: ${errors?.[0]?.message}`);
  return data;
}

const inFeed = (event: ShownEvent): FeedEvent => {
  const eventId = Number(atob(event.id).split(':').at(-1));
  return { eventId, cursor: eventCursor(eventId), event };
};

/** Reads the next events of the feed of which a webhook is to hear, so many at most. */
export async function eventsBehind(db: Database, webhook: SendingWebhook, first: number): Promise<FeedEvent[]> {
  const variables = { first, after: eventCursor(webhook.position), types: webhook.eventTypes };
  const { events } = await ask<{ events: { nodes: ShownEvent[] } }>(db, webhook, BEHIND, variables);
  return events.nodes.map(inFeed);
}

/** Reads these events again, as the webhook may see them by now: those that it may not, or that are gone, are left out. */
export async function eventsAgain(
  db: Database,
  webhook: SendingWebhook,
  eventIds: readonly number[],
): Promise<FeedEvent[]> {
  if (eventIds.length === 0) return [];
  const ids = eventIds.map((id) => toGlobalId('Event', String(id)));
  const { nodes } = await ask<{ nodes: (ShownEvent | null)[] }>(db, webhook, AGAIN, { ids });
  return nodes.filter((node) => node !== null).map(inFeed);
}
