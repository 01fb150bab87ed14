import { ask } from '../shared/gateway.ts';
import { type Entry, newEntry } from './model.ts';

type Snapshot = Record<string, unknown>;

/** An event as the feed shows it. */
export interface Event {
  type: string;
  subjectId: string;
  actor: { type: string; id: string | null };
  before: Snapshot | null;
  after: Snapshot | null;
}

const FEED = `query($after: String, $filter: EventFilter) { events(first: 100, after: $after, filter: $filter) {
  nodes { type subjectId actor { type id } before after } pageInfo { endCursor hasNextPage } } }`;

/** Reads on from a cursor to the present end of the feed. */
export async function readFeed(
  after: string | null,
  filter: object | null = null,
): Promise<{ events: Event[]; cursor: string | null }> {
  const events: Event[] = [];
  let cursor = after;
  for (;;) {
    const { data, text } = await ask(FEED, { after: cursor, filter });
    if (data === null) throw new Error(text);
    const { nodes, pageInfo } = data.events;
    events.push(...nodes);
    cursor = pageInfo.endCursor ?? cursor;
    if (!pageInfo.hasNextPage) return { events, cursor };
  }
}

/** Where the feed ends now. */
export async function endOfFeed(): Promise<string | null> {
  const { data } = await ask('{ events(last: 1) { pageInfo { endCursor } } }');
  return data.events.pageInfo.endCursor;
}

/** All that a key did, the oldest first. */
export const eventsBy = async (apiKeyId: string): Promise<Event[]> =>
  (await readFeed(null, { actor: { type: 'API_KEY', id: apiKeyId } })).events;

/** All that happened to a record, the oldest first. */
export const eventsAbout = async (subjectId: string): Promise<Event[]> => (await readFeed(null, { subjectId })).events;

const KINDS: Record<string, Entry['kind']> = {
  tenant: 'Tenant',
  customer: 'Customer',
  user: 'User',
  role: 'Role',
  apiKey: 'ApiKey',
  permission: 'Permission',
};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What a snapshot says of a record. */
function valuesOf(kind: Entry['kind'], snapshot: Snapshot): Partial<Entry> {
  const values = {
    name: textOf(snapshot.name) ?? '',
    externalId: textOf(snapshot.externalId),
    description: textOf(snapshot.description),
  };
  if (kind === 'Role') return { ...values, detail: listOf(snapshot.permissions).join() };
  if (kind !== 'ApiKey') return values;
  return { ...values, detail: String(listOf(snapshot.secrets).length), isDeleted: snapshot.revokedAt !== null };
}

function replayPlace(entry: Entry, { type, before, after }: Event): void {
  const left = textOf(before?.tenantId);
  const joined = textOf(after?.tenantId);
  if (joined !== null) entry.tenants.set(joined, textOf(after?.roleId) ?? '');
  else if (left !== null) entry.tenants.delete(left);
  else throw new Error(`${type} names no tenant`);
}

/** The records that there are if these are all events that ever were. */
export function replayed(events: readonly Event[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const erased = new Set(events.filter(({ type }) => type.endsWith('.erased')).map(({ subjectId }) => subjectId));
  for (const event of events.filter(({ subjectId }) => !erased.has(subjectId))) {
    const { type, subjectId: id, after } = event;
    const [word = '', verb] = type.split('.');
    const kind = KINDS[word];
    const known = entries.get(id);
    if (kind === undefined) {
      if (!known) throw new Error(`${type} is about a record that never was created`);
      replayPlace(known, event);
      continue;
    }
    if ((kind === 'Role' || kind === 'Permission') && verb === 'deleted') {
      entries.delete(id);
      continue;
    }
    // Of what a user was mailed, nothing shows in the record.
    if (verb === 'invitationRevoked') continue;
    const entry = known ?? newEntry({ kind, id, name: '' });
    if (verb === 'created' && known) throw new Error(`${id} was created twice`);
    if (known && entry.version > 0) entry.version += 1;
    if (verb === 'deleted') entry.isDeleted = true;
    if (verb === 'restored') entry.isDeleted = false;
    if (after) Object.assign(entry, valuesOf(kind, after));
    entries.set(id, entry);
  }
  return entries;
}
