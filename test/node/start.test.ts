import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, type Gateway } from '../../src/cli/gateway.ts';
import { freePort, npmStart, type Started, stopAll } from './started.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

const total = z.object({ totalCount: z.number() });

/** How much there is in the directory, and up to where its events go. */
const contents = (gateway: Gateway) =>
  ask(
    gateway,
    `{
      tenants { totalCount nodes { customers { totalCount } } }
      customers { totalCount }
      events(last: 1) { totalCount edges { cursor } }
    }`,
    {},
    z.object({
      tenants: total.extend({ nodes: z.array(z.object({ customers: total })) }),
      customers: total,
      events: total.extend({ edges: z.array(z.object({ cursor: z.string() })) }),
    }),
  );

describe('npm start', () => {
  let first: Started;
  let before: Awaited<ReturnType<typeof contents>>;

  it('prints a curl line that lists customers when it is pasted as it is', async () => {
    first = await npmStart(join(directory, 'demo'));
    const { stdout } = await promisify(execFile)('bash', ['-c', first.curl]);
    const shape = z.object({
      data: z.object({ customers: z.object({ nodes: z.array(z.object({ name: z.string() })) }) }),
    });
    expect(shape.parse(JSON.parse(stdout)).data.customers.nodes).not.toEqual([]);
  });

  it('fills an empty database with 3 tenants and 40 customers that belong to them', async () => {
    before = await contents(first);
    expect(before.tenants.totalCount).toBe(3);
    expect(before.customers.totalCount).toBe(40);
    for (const { customers } of before.tenants.nodes) expect(customers.totalCount).toBeGreaterThan(0);
  });

  it('ends all of its processes when it is interrupted, and frees its port', async () => {
    await first.stop();
    await expect(freePort(first.port)).resolves.toBe(first.port);
  });

  it('changes nothing when it is started again', async () => {
    const second = await npmStart(join(directory, 'demo'));
    expect(second.key).toBe(first.key);
    expect(await contents(second)).toEqual(before);
    await second.stop();
  });

  it('answers the first example of the README as the README says', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, document = ''] = /```graphql\n(.*?)```/s.exec(readme) ?? [];
    const [, answer = ''] = /```json\n(.*?)```/s.exec(readme) ?? [];
    const third = await npmStart(join(directory, 'demo'));
    expect({ data: await ask(third, document, {}, z.unknown()) }).toEqual(JSON.parse(answer));
    await third.stop();
  });

  it('leaves an empty database empty if it is told so', async () => {
    const bare = await npmStart(join(directory, 'bare'), '--no-demo');
    const { tenants, customers, events } = await contents(bare);
    expect([tenants, customers, events].map(({ totalCount }) => totalCount)).toEqual([0, 0, 0]);
    await bare.stop();
  });
});
