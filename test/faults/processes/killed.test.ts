import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, type Gateway } from '../../../src/cli/shared/gateway.ts';
import { migrate } from '../../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../../node/shared/started.ts';
import { Dice, diceApart } from '../../shared/dice.ts';
import { killAll, workerdsOf } from '../../shared/processes/workerd.ts';
import { printTried } from '../counts.ts';
import { answersOf } from './changes.ts';
import { Client } from './clients.ts';
import { Feed, type Records, readRecords, replay } from './directory.ts';
import { positionOf, Receiver } from './receiver.ts';

/** 1 is the whole of it. */
const SIZE = Number(process.env.FAULTS_SIZE ?? 1);
const KILLS = Math.max(1, Math.ceil(20 * SIZE));
const CLIENTS = 12;
/** A round is over for the gateway somewhere between these, and then at any moment of what it is doing. */
const FEWEST_ANSWERS = 20;
const MOST_ANSWERS = 100;
const MOST_MILLISECONDS_LATER = 20;
/** With the same seed, each client decides likewise; when the gateway is killed, nobody can have again. */
const SEED = Number(process.env.FAULTS_SEED ?? 0) || Date.now();

const KEY = `mutation { createApiKey(input: { name: "burst", access: WRITE, reach: ORGANIZATION, rateLimitTier: HIGH,
  permissions: ["tenant:read", "tenant:create", "tenant:edit", "customer:read", "customer:create", "customer:edit",
    "customerTenantMembership:create", "event:read"] }) { ... on CreateApiKeyPayload { secret } } }`;

const dice = new Dice(SEED);
const clients = Array.from(
  { length: CLIENTS },
  (_, index) => new Client(diceApart(dice.below(2 ** 31)), `client ${index}`),
);
const WEBHOOK = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  ... on CreateWebhookPayload { secret } } }`;
/** Who hears of all, and who hears of some and sees no records. */
const [copying, narrow] = [new Receiver(diceApart(dice.below(2 ** 31))), new Receiver(diceApart(dice.below(2 ** 31)))];
const NARROW_TYPES = ['customer.created', 'customer.updated'];
/** From a commit to the last try, if two in a row fail. */
const HEARING_MILLISECONDS = 120_000;

async function listenTo(gateway: Gateway, receiver: Receiver, input: object): Promise<void> {
  const shape = z.object({ createWebhook: z.object({ secret: z.string() }) });
  const url = await receiver.listen();
  const made = await ask(gateway, WEBHOOK, { input: { url, reach: 'ORGANIZATION', ...input } }, shape);
  receiver.secret = made.createWebhook.secret;
}

/** The ids of the events that a receiver must have heard of. */
const toHear = (receiver: Receiver): string[] =>
  feed.events
    .filter(({ type }) => receiver === copying || NARROW_TYPES.includes(type))
    .map(({ id }) => id)
    .filter((id) => positionOf({ id }) > heardFrom);

/** Waits until the receivers, which do not fail any more, have heard of everything, or too long. */
async function untilHeard(): Promise<void> {
  const deadline = Date.now() + HEARING_MILLISECONDS;
  const receivers = [copying, narrow];
  for (const receiver of receivers) receiver.isMended = true;
  const isDone = () => receivers.every((receiver) => toHear(receiver).every((id) => receiver.heard.has(id)));
  while (!isDone() && Date.now() < deadline) await pause(100);
}

/** The position behind which the receivers listen. */
let heardFrom = 0;
const feed = new Feed();
let sent = 0;
let unanswered = 0;
let foundDone = 0;
/** Changes that had no answer, and were there in part when the gateway was started again. */
const halves: string[] = [];
let directory: string;
let records: Records;

/** Lets all clients send at once, and kills every process of the gateway while they do. */
async function killMidBurst(started: Started, gateway: Gateway): Promise<void> {
  const workerds = await workerdsOf(started);
  if (workerds.length === 0) throw new Error('No workerd is there to be killed');
  // Looked for beforehand, workerd first: with time to notice, wrangler would start another in its place.
  const toKill = new Set([...workerds, ...(await started.family())]);
  let left = FEWEST_ANSWERS + dice.below(MOST_ANSWERS - FEWEST_ANSWERS);
  const enough = Promise.withResolvers<void>();
  const countDown = () => {
    sent += 1;
    left -= 1;
    if (left === 0) enough.resolve();
  };
  const bursts = Promise.all(clients.map((client) => client.sendUntilKilled(gateway, countDown)));
  await Promise.race([enough.promise, bursts]);
  await pause(dice.below(MOST_MILLISECONDS_LATER));
  killAll(toKill);
  await bursts;
  await started.stop();
}

/** Looks which of the changes without an answer are there. */
async function lookAtUnanswered(gateway: Gateway): Promise<void> {
  await feed.read(gateway);
  for (const { unanswered: change } of clients) {
    if (!change) continue;
    sent += 1;
    unanswered += 1;
    const done = change.writes.filter(({ name }) => feed.countOf(name) > 0).length;
    if (done === change.writes.length) foundDone += 1;
    else if (done > 0) halves.push(`${done} of ${JSON.stringify(change.input)}`);
  }
}

/** The names that do not have exactly one event, of changes that were acknowledged. */
const notOnce = (areRepeated: boolean): string[] =>
  clients
    .flatMap(({ acknowledged, repeated }) => acknowledged.filter(({ change }) => repeated.has(change) === areRepeated))
    .flatMap(({ change }) => change.writes.map(({ name }) => name))
    .filter((name) => feed.countOf(name) !== 1);

describe.skipIf(process.platform !== 'linux')('kill -9 of workerd in the middle of a burst (on Linux alone)', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
    migrate(directory);
    let started = await serveMigrated(directory);
    const shape = z.object({ createApiKey: z.object({ secret: z.string() }) });
    const key = (await ask(started, KEY, {}, shape)).createApiKey.secret;
    await listenTo(started, copying, { permissions: ['tenant:read', 'customer:read'] });
    await listenTo(started, narrow, { eventTypes: NARROW_TYPES });
    await feed.read(started);
    heardFrom = Math.max(...feed.events.map(positionOf));
    for (let round = 0; round < KILLS; round += 1) {
      await killMidBurst(started, { url: started.url, key });
      started = await serveMigrated(directory);
      const gateway = { url: started.url, key };
      await lookAtUnanswered(gateway);
      await Promise.all(clients.map((client) => client.repeat(gateway)));
    }
    const gateway = { url: started.url, key };
    await feed.read(gateway);
    records = await readRecords(gateway);
    await untilHeard();
    const receivers = [copying, narrow];
    const sum = (count: (receiver: Receiver) => number) =>
      receivers.reduce((all, receiver) => all + count(receiver), 0);
    printTried(
      sum(({ heard }) => heard.size),
      'events heard by two webhooks whose receivers failed and whose workerd was killed',
      {
        'heard again': sum(({ repeats }) => repeats),
        'answered with a failure': sum(({ failures }) => failures),
      },
    );
    const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged.length, 0);
    const repeated = clients.reduce((sum, client) => sum + client.repeated.size, 0);
    printTried(sent, `changes in ${KILLS} bursts, in each of which workerd was killed (seed ${SEED})`, {
      'acknowledged, at last': acknowledged,
      'had no answer': unanswered,
      'of these were found done': foundDone,
      repeated,
    });
  });

  afterAll(async () => {
    copying.close();
    narrow.close();
    await stopAll();
    await rm(directory, { recursive: true, force: true });
  });

  it('answers each change as what it must come to', () => {
    expect(clients.flatMap(({ wrongAnswers }) => wrongAnswers)).toEqual([]);
  });

  it('loses and doubles no change that was acknowledged', () => {
    expect(notOnce(false)).toEqual([]);
  });

  it('keeps every record with the values that were acknowledged last', () => {
    const told = clients.flatMap(({ own }) => [...own.values()]);
    expect(told.length).toBeGreaterThan(0);
    for (const { id, name, externalId, version, tenantIds } of told) {
      expect(records.get(id)).toMatchObject({
        values: { name, externalId },
        version,
        tenantIds: [...tenantIds].sort(),
      });
    }
  });

  it('makes all of a change that it did not answer, or nothing of it', () => {
    expect(halves).toEqual([]);
  });

  it('has one event for each change, which replay to the state', () => {
    expect(replay(feed.events)).toEqual(records);
  });

  it('lets every webhook hear of all that it should, and of nothing else', () => {
    for (const receiver of [copying, narrow]) {
      const heard = [...receiver.heard.keys()].filter((id) => positionOf({ id }) > heardFrom);
      expect(heard.sort()).toEqual(toHear(receiver).sort());
      expect(receiver.forged).toEqual([]);
    }
    expect([...narrow.heard.values()].filter(({ before, after }) => before !== null || after !== null)).toEqual([]);
  });

  it('lets a copy be made of what one webhook heard, repeated and in any order', () => {
    const heard = [...copying.heard.values()].sort((one, other) => positionOf(one) - positionOf(other));
    expect(replay(heard)).toEqual(records);
  });

  it('answers a repetition as it would have answered, or did answer, the first time', () => {
    expect(clients.flatMap(({ wrongRepetitions }) => wrongRepetitions)).toEqual([]);
  });

  it('makes what is repeated once, and nothing that nobody was told of', () => {
    expect(notOnce(true)).toEqual([]);
    const told = clients.flatMap(({ acknowledged }) => acknowledged.flatMap(({ result }) => answersOf(result)));
    expect(new Set(records.keys())).toEqual(new Set(told.map(({ id }) => id)));
  });
});
