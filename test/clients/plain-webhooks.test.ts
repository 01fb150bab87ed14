import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PlainClient as Successor } from '@team-plain/graphql';
import { PlainClient, parsePlainWebhook, verifyPlainWebhook } from '@team-plain/typescript-sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { fittingAddress } from '../../src/dialects/plain/deliveries.ts';
import { eventCursor } from '../../src/directory/events.ts';
import { problemOfEmail } from '../../src/directory/kernel/email-address.ts';
import { newId } from '../../src/directory/kernel/ids.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import type { SendingWebhook } from '../../src/directory/webhooks/sending.ts';
import { toGlobalId } from '../../src/graphql/shared/ids.ts';
import { plainWire } from '../../src/http/webhooks/plain-wire.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';

/*
 * Deliveries to webhook targets, against what the published client has to verify and to read them: as it is, and with what it says of
 * its own.
 */

const WAITING = { timeout: 60_000, interval: 100 };

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

let directory: string;
let gateway: Started;
let receiver: Server;
let hook: string;
let plain: PlainClient;
let successor: Successor;
const received: Received[] = [];
/** What the receiver answers to the next requests; 200 to all behind them. */
const statuses: number[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(statuses.shift() ?? 200).end('thanks');
  }).listen(0, 'localhost');
  await once(receiver, 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  hook = `http://localhost:${address.port}/hook`;
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
  const { createApiKey } = await ask(
    gateway,
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeyPayload { secret } } }`,
    { input: { name: 'Plain', permissions: PERMISSIONS, reach: 'ORGANIZATION' } },
    z.object({ createApiKey: z.object({ secret: z.string() }) }),
  );
  const options = { apiKey: createApiKey.secret, apiUrl: `${gateway.url}/plain/graphql/v1` };
  plain = new PlainClient(options);
  successor = new Successor(options);
});

afterAll(async () => {
  await stopAll();
  receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a delivery', () => {
  it('is verified and read by the published client, of each type and at each try', async () => {
    const target = await plain.createWebhookTarget({
      url: hook,
      description: 'Customers',
      isEnabled: true,
      eventSubscriptions: ['created', 'updated', 'deleted'].map((verb) => ({ eventType: `customer.customer_${verb}` })),
    });
    expect(target.error).toBeUndefined();
    const { hmacSecret } = await successor.query.workspaceHmac();
    statuses.push(503);
    const upsert = (fullName: string) =>
      plain.upsertCustomer({
        identifier: { emailAddress: 'jane@driftline.example' },
        onCreate: { fullName, email: { email: 'jane@driftline.example', isVerified: true } },
        onUpdate: { fullName: { value: fullName } },
      });
    await upsert('Jane');
    await vi.waitFor(() => expect(received).toHaveLength(2), WAITING);
    const { data } = await upsert('Jane Fargate');
    await vi.waitFor(() => expect(received).toHaveLength(3), WAITING);
    await plain.deleteCustomer({ customerId: data?.customer.id ?? '' });
    await vi.waitFor(() => expect(received).toHaveLength(4), WAITING);

    const read = received.map(({ headers, body }) => {
      const verified = verifyPlainWebhook(body, String(headers['plain-request-signature']), hmacSecret ?? '');
      expect(verified.error).toBeUndefined();
      expect(parsePlainWebhook(body).error).toBeUndefined();
      expect(
        verifyPlainWebhook(body, String(headers['plain-request-signature']), `${hmacSecret} `).error,
      ).toBeDefined();
      return verified.data;
    });
    expect(read.map((webhook) => [webhook?.type, webhook?.webhookMetadata.webhookDeliveryAttemptNumber])).toEqual([
      ['customer.customer_created', 1],
      ['customer.customer_created', 2],
      ['customer.customer_updated', 1],
      ['customer.customer_deleted', 1],
    ]);
    expect(read[1]?.id).toBe(read[0]?.id);
    expect(read[2]?.payload).toMatchObject({
      customer: { fullName: 'Jane Fargate', email: { email: 'jane@driftline.example' } },
      previousCustomer: { fullName: 'Jane' },
    });
  });
});

/** A generator of numbers from 0 to 1 that begins anew with each run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const random = chance(27);
const pick = <Thing>(things: readonly Thing[]): Thing => things[Math.floor(random() * things.length)] as Thing;
const times = <Thing>(count: number, make: () => Thing): Thing[] => Array.from({ length: count }, make);
const word = (letters: string, most: number) =>
  times(1 + Math.floor(random() * most), () => pick([...letters])).join('');

/** An e-mail address that a customer can have. */
function anyAddress(): string {
  const local = word("abcXYZ09!#$%&'*+/=?^_`{|}~.-", 20);
  const label = () => word(pick(['abcXYZ09-', 'abc', '0123', 'äöü', 'приём', '例え', 'xn-']), 8);
  const address = `${local}@${times(1 + Math.floor(random() * 3), label).join('.')}.${pick([label(), 'example', 'com', 'рф', 'b1', 'c'])}`;
  return problemOfEmail(address) === null ? address : anyAddress();
}

const ACTORS = [
  () => ({ type: 'ROOT', id: null }),
  () => ({ type: 'SYSTEM', id: null }),
  () => ({ type: 'USER', id: toGlobalId('User', newId()) }),
  () => ({ type: 'API_KEY', id: toGlobalId('ApiKey', newId()) }),
];

const snapshot = () => ({
  kind: pick(['PERSON', 'COMPANY']),
  name: pick(['Jane', 'Łukasz', '例え', '<b>', '"', '\u2028', word('ab ', 256)]),
  shortName: pick([null, 'J', '例']),
  externalId: pick([null, '1', 'a/b#c', '🙂']),
  email: pick([null, { address: anyAddress(), isVerified: random() < 0.5 }]),
  description: null,
  labels: [],
});

const EVENTS: readonly [type: string, hasBefore: boolean, hasAfter: boolean][] = [
  ['customer.created', false, true],
  ['customer.restored', false, true],
  ['customer.updated', true, true],
  ['customer.deleted', true, false],
  ['customer.erased', false, false],
];

/** What a target is sent of an event, and by how many tries. */
async function delivered(eventId: number, [type, hasBefore, hasAfter]: (typeof EVENTS)[number]) {
  const row = {
    eventId,
    ...pick([
      { createdByType: 'USER', createdById: newId() },
      { createdByType: null, createdById: null },
    ]),
    ...pick([
      { beforeByType: 'API_KEY', beforeById: newId(), beforeAt: Date.now() },
      { beforeByType: null, beforeById: null, beforeAt: null },
    ]),
  };
  const webhook = {
    id: newId(),
    secrets: ['secret'],
    wireVersion: '2026-02-27',
    viewer: { permissions: new Set(['event:read', 'customer:read']), reach: { kind: 'ORGANIZATION' } },
  } as unknown as SendingWebhook;
  const db = { reads: async () => ({ authors: [row], organization: [{ id: newId() }] }) };
  const event = {
    eventId,
    cursor: eventCursor(eventId),
    event: {
      id: toGlobalId('Event', String(eventId)),
      type,
      createdAt: new Date().toISOString(),
      subjectId: toGlobalId('Customer', newId()),
      actor: pick(ACTORS)(),
      before: hasBefore ? snapshot() : null,
      after: hasAfter ? snapshot() : null,
    },
  };
  const wire = await plainWire(db as never, webhook, [event]);
  return wire.write(event, 1 + Math.floor(random() * 12), new Date());
}

describe('whatever customers are like', () => {
  const COUNT = 100;

  it(`the published client verifies and reads it: ${COUNT} events by chance`, async () => {
    for (let count = 0; count < COUNT; count += 1) {
      const letter = await delivered(
        1 + Math.floor(random() * 1e9),
        EVENTS[count % EVENTS.length] as (typeof EVENTS)[0],
      );
      const signature = letter?.headers['Plain-Request-Signature'] ?? '';
      expect(verifyPlainWebhook(letter?.body ?? '', signature, 'secret').error?.message, letter?.body).toBeUndefined();
    }
  });

  it('an e-mail address stays as it was given, if that is in ASCII and the client reads it', async () => {
    const letter = await delivered(1, EVENTS[0] as (typeof EVENTS)[0]);
    const { payload, ...rest } = JSON.parse(letter?.body ?? '');
    for (const address of times(COUNT, anyAddress)) {
      const email = { ...payload.customer.email, email: address };
      const isRead = !parsePlainWebhook({ ...rest, payload: { ...payload, customer: { ...payload.customer, email } } })
        .error;
      const isASCII = [...address].every((character) => character < '\u0080');
      const sent = fittingAddress(address, newId());
      if (isRead && isASCII) expect(sent).toBe(address);
      else expect(sent, address).not.toBe(address);
    }
  });
});
