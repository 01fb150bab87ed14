import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { Tally } from '../shared/counts.ts';
import { diceApart } from '../shared/dice.ts';
import { newCustomer, newKey } from '../shared/fixtures.ts';
import { Client } from './client.ts';
import { CUSTOMER_COMMANDS } from './commands/customers.ts';
import { DIALECT_COMMANDS } from './commands/dialects.ts';
import { PAIRS } from './commands/pairs.ts';
import { ROLE_AND_KEY_COMMANDS } from './commands/roles-and-keys.ts';
import type { Choice, Scene, Shared } from './commands/scene.ts';
import { SHARED_COMMANDS } from './commands/shared-records.ts';
import { TENANT_COMMANDS } from './commands/tenants.ts';
import { USER_COMMANDS } from './commands/users.ts';
import { readEntries, rowCounts } from './directory.ts';
import { type Event, endOfFeed, readFeed, replayed } from './feed.ts';
import { type Entry, newEntry, shown } from './model.ts';

const CLIENTS = 3;
const LEAST_COMMANDS = 3;
const MORE_COMMANDS = 4;

/** Each kind of command in turn, so that none is rare. */
const KINDS: readonly (readonly Choice[])[] = [
  TENANT_COMMANDS,
  CUSTOMER_COMMANDS,
  CUSTOMER_COMMANDS,
  USER_COMMANDS,
  ROLE_AND_KEY_COMMANDS,
  DIALECT_COMMANDS,
  SHARED_COMMANDS,
  PAIRS,
];

const BIG = 2 ** 31;

async function newShared(prefix: string): Promise<Shared> {
  const { id, name, externalId } = await newCustomer({ name: `${prefix} shared`, externalId: `${prefix}-shared` });
  return {
    customer: newEntry({ kind: 'Customer', id, name, externalId }),
    wins: [],
    externalIds: [`${prefix}-one`, `${prefix}-other`],
    wanted: [],
    upserted: {
      email: `${prefix}@x.example`,
      name: `${prefix} upserted`,
      externalId: `${prefix}-upserted`,
      outcomes: [],
      ids: new Set(),
      descriptions: [],
    },
  };
}

/** One client does one thing after the other: first it creates something that it can change. */
async function work(client: Client, scene: Scene): Promise<void> {
  const commands = LEAST_COMMANDS + scene.dice.below(MORE_COMMANDS + 1);
  for (const [first] of [TENANT_COMMANDS, CUSTOMER_COMMANDS, USER_COMMANDS]) {
    const command = first?.(scene);
    if (command) await client.run(command);
  }
  for (let done = 0; done < commands; ) {
    const command = scene.dice.one(scene.dice.one(KINDS))(scene);
    if (command === null) continue;
    await client.run(command);
    done += 1;
  }
  await client.settle();
}

/** What is left of what everybody wanted; checks that one of them got it. */
function sharedEntries({ customer, wins, wanted, upserted }: Shared): Entry[] {
  const versions = wins.map(({ version }) => version).sort((one, other) => one - other);
  expect(versions, 'the versions of the shared customer').toEqual(wins.map((_, index) => index + 1));
  const last = wins.find(({ version }) => version === wins.length);
  const externalIds = wanted.map(({ externalId }) => externalId);
  expect(new Set(externalIds).size, 'holders of one external id').toBe(externalIds.length);
  const { outcomes, ids, name, externalId } = upserted;
  expect(ids.size, 'customers upserted by one address').toBe(Math.min(1, outcomes.length));
  expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(ids.size);
  return [
    { ...customer, description: last?.description ?? null },
    ...wanted,
    ...[...ids].map((id) => newEntry({ kind: 'Customer', id, name, externalId, version: outcomes.length })),
  ];
}

/** Anybody's may be the last word about what everybody upserted: one of them is. */
function withLastWord(entries: readonly Entry[], found: readonly Entry[], { upserted }: Shared): Entry[] {
  return entries.map((entry) => {
    if (!upserted.ids.has(entry.id)) return entry;
    const description = found.find(({ id }) => id === entry.id)?.description ?? null;
    expect(upserted.descriptions).toContain(description);
    return { ...entry, description };
  });
}

/** How many rows these records are. */
function rowsOf(entries: readonly Entry[], keys: number, events: number): Record<string, number> {
  const of = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind);
  const places = (kind: Entry['kind']) => of(kind).reduce((sum, { tenants }) => sum + tenants.size, 0);
  return {
    tenant: of('Tenant').length,
    customer: of('Customer').length,
    user: of('User').length,
    role: of('Role').length,
    api_key: of('ApiKey').length + keys,
    permission: of('Permission').length,
    membership: places('Customer'),
    assignment: places('User'),
    event: events,
  };
}

/** Compares what the clients should have left with what the directory has, and with what its events say. */
async function compare(entries: readonly Entry[], shared: Shared, events: readonly Event[]): Promise<void> {
  const found = await readEntries(entries);
  const expected = withLastWord(entries, found, shared);
  const live = new Set(expected.filter(({ kind, isDeleted }) => kind === 'Tenant' && !isDeleted).map(({ id }) => id));
  const asFound = (entry: Entry) => shown(entry, (id) => live.has(id));
  expect(found.map(asFound).sort(), 'the directory').toEqual(expected.map(asFound).sort());
  const asReplayed = (entry: Entry) => shown(entry);
  const replay = [...replayed(events).values()];
  expect(replay.map(asReplayed).sort(), 'what the events say').toEqual(expected.map(asReplayed).sort());
}

/** Runs a sequence of commands of several clients; fails if anything is lost, doubled, or not as an answer said. */
export async function runSequence(seed: number, roleIds: Scene['roleIds'], tally: Tally): Promise<void> {
  const dice = diceApart(seed);
  const prefix = `s${seed.toString(36)}`;
  const [before, cursor] = [await rowCounts(), await endOfFeed()];
  const shared = await newShared(prefix);
  const clients = [];
  for (let number = 0; number < CLIENTS; number += 1) {
    const key = await newKey();
    clients.push({ key, client: new Client(key, diceApart(dice.below(BIG)), tally) });
  }

  await Promise.all(
    clients.map(({ client }, number) => {
      let serial = 0;
      const fresh = (word: string) => {
        serial += 1;
        return `${prefix}-${number}-${word}${serial}`;
      };
      return work(client, { model: client.model, dice: diceApart(dice.below(BIG)), shared, roleIds, fresh });
    }),
  );

  const { events } = await readFeed(cursor);
  for (const { key, client } of clients) {
    const own = events.filter(({ actor }) => actor.id === key.id).map(({ type, subjectId }) => `${type} ${subjectId}`);
    // Of two changes in one request, either may have failed first.
    expect(own.sort(), 'the events of a client').toEqual(client.model.events.toSorted());
  }
  const entries = [...clients.flatMap(({ client }) => [...client.model.entries.values()]), ...sharedEntries(shared)];
  const keys = new Set(clients.map(({ key }) => key.id));
  await compare(
    entries,
    shared,
    events.filter(({ subjectId }) => !keys.has(subjectId)),
  );
  const rows = Object.entries(await rowCounts()).map(([table, count]) => [table, count - (before[table] ?? 0)]);
  expect(Object.fromEntries(rows), 'rows').toEqual(rowsOf(entries, keys.size, events.length));
  // There may be a hundred in all, and two hundred permissions.
  const ofProduct = 'SELECT name FROM permission WHERE NOT built_in';
  await env.DB.batch(
    [
      'DELETE FROM role WHERE NOT built_in',
      `DELETE FROM role_permission WHERE permission IN (${ofProduct})`,
      'DELETE FROM permission WHERE NOT built_in',
    ].map((sql) => env.DB.prepare(sql)),
  );
}
