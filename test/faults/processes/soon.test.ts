import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, type Gateway } from '../../../src/cli/shared/gateway.ts';
import { migrate } from '../../node/shared/migrated.ts';
import { serveMigrated, stopAll } from '../../node/shared/started.ts';
import { Dice } from '../../shared/dice.ts';
import { printFigures } from '../counts.ts';
import { Receiver } from './receiver.ts';

const CHANGES = 100;
const WAITING_MILLISECONDS = 10_000;

const receiver = new Receiver(new Dice(1));
const directory = await mkdtemp(join(tmpdir(), 'tenantry-'));

afterAll(async () => {
  receiver.close();
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

const any = z.unknown();

/** How many milliseconds it takes, beginning with the smallest. */
async function times(count: number, task: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    await task();
    found.push(performance.now() - begun);
  }
  return found.sort((one, other) => one - other);
}

async function changed(gateway: Gateway): Promise<void> {
  const before = receiver.heard.size;
  await ask(gateway, 'mutation { createCustomer(input: { name: "Soon", kind: PERSON }) { __typename } }', {}, any);
  const deadline = Date.now() + WAITING_MILLISECONDS;
  while (receiver.heard.size === before && Date.now() < deadline) await pause(1);
}

it('a receiver hears of a change soon, by as many times as long as a read takes', async () => {
  migrate(directory);
  const gateway = await serveMigrated(directory);
  receiver.isMended = true;
  const url = await receiver.listen();
  const document = `mutation ($url: String!) { createWebhook(input: { url: $url, reach: ORGANIZATION, eventTypes: ["customer.created"] }) {
    ... on CreateWebhookPayload { secret } } }`;
  const shape = z.object({ createWebhook: z.object({ secret: z.string() }) });
  receiver.secret = (await ask(gateway, document, { url }, shape)).createWebhook.secret;
  await changed(gateway);
  const reads = await times(CHANGES, () => ask(gateway, '{ organization { name } }', {}, any));
  const heard = await times(CHANGES, () => changed(gateway));
  const read = reads[CHANGES / 2] ?? 1;
  const [median, slowest] = [heard[CHANGES / 2] ?? 0, heard[CHANGES - 2] ?? 0].map((time) => (time / read).toFixed(1));
  printFigures(
    `from asking for a change until a receiver has it: ${median} (median) and ${slowest} (99th) times as long as a request that reads one row`,
  );
  expect(receiver.heard.size).toBe(CHANGES + 1);
}, 300_000);
