import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../../src/cli/shared/gateway.ts';
import { migrate } from '../../node/shared/migrated.ts';
import { npmStart, type Started, stopAll } from '../../node/shared/started.ts';
import { MAX_REFUSAL_BYTES } from '../claims.ts';
import { printFigures, printTried } from '../counts.ts';
import { PATHS, paddedWithinLimit, WORST, type WorstRequest } from './worst-requests.ts';

const SIZE = Number(process.env.ATTACK_SIZE ?? 1);
const ROUNDS = 3;
const AT_ONCE = 4;
const PADDED_DOCUMENTS = Math.ceil(300 * SIZE);
/** How often each of the worst requests is sent to each API in a round. */
const TIMES = Math.ceil(8 * SIZE);

/**
 * How much more there may be after a round, and still nothing was kept. Until the heap has found its size, repeats showed 20
 * to 65 MB a round, and about 10 from then on. A round whose documents were kept would show hundreds: 300 of them alone held
 * 630 MB before there was a limit.
 */
const TOLERANCE_MB = 128;
const SETTLING_MILLISECONDS = 3000;

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'attacked'));
  gateway = await npmStart(join(directory, 'attacked'));
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

const WEAKEST = `mutation { createApiKey(input: { name: "weakest", permissions: ["tenant:read"], access: READ, reach: ORGANIZATION, rateLimitTier: HIGH }) {
  ... on CreateApiKeyPayload { secret } } }`;

/** The secret of a key that may do next to nothing. */
async function weakestKey(): Promise<string> {
  const shape = z.object({ createApiKey: z.object({ secret: z.string() }) });
  return (await ask(gateway, WEAKEST, {}, shape)).createApiKey.secret;
}

/**
 * A line of what Linux says about the memory of the gateway's workerd, the larger of two: the other is the proxy of wrangler,
 * which keeps something of every request, whatever it is.
 */
async function megabytes(name: 'VmRSS' | 'VmHWM'): Promise<number> {
  let largest = 0;
  for (const id of await gateway.family()) {
    // One of npm's may have ended since.
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    if (!/^Name:\s+workerd$/m.test(status)) continue;
    const kilobytes = Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
    largest = Math.max(largest, kilobytes);
  }
  return Math.round(largest / 1024);
}

interface Sent {
  statuses: Map<number, number>;
  longestBytes: number;
  longestRequestCharacters: number;
}

/** Sends requests, several at once, and notes what was answered. A connection that is closed is an answer of 0. */
async function sendAll(requests: (() => WorstRequest)[], key: string, sent: Sent): Promise<void> {
  const left = [...requests];
  const sendNext = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { path, body } = next();
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const [status, length] = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body })
        .then(async (response) => [response.status, (await response.arrayBuffer()).byteLength] as const)
        .catch(() => [0, 0] as const);
      sent.statuses.set(status, (sent.statuses.get(status) ?? 0) + 1);
      sent.longestBytes = Math.max(sent.longestBytes, length);
      sent.longestRequestCharacters = Math.max(sent.longestRequestCharacters, body.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
}

let serial = 0;

/** Every worst request to every API, as often as it takes, and no document twice. */
const round = (): (() => WorstRequest)[] => [
  ...Object.values(WORST).flatMap((make) =>
    PATHS.flatMap((path) => Array.from({ length: TIMES }, () => () => make(path, ++serial))),
  ),
  ...Array.from({ length: PADDED_DOCUMENTS }, (_, index) => () => {
    serial += 1;
    return paddedWithinLimit(PATHS[index % PATHS.length] ?? '', serial);
  }),
];

it.skipIf(process.platform !== 'linux')(
  'is no larger after a third round of the worst requests than after the second, and answers (memory is read from /proc, on Linux alone)',
  async () => {
    const key = await weakestKey();
    const sent: Sent = { statuses: new Map(), longestBytes: 0, longestRequestCharacters: 0 };
    const resident = [await megabytes('VmRSS')];
    let count = 0;
    for (let rounds = 0; rounds < ROUNDS; rounds += 1) {
      const requests = round();
      count += requests.length;
      await sendAll(requests, key, sent);
      await pause(SETTLING_MILLISECONDS);
      resident.push(await megabytes('VmRSS'));
    }
    const statuses = [...sent.statuses].map(([status, times]) => [`with ${status}`, times]);
    printTried(count, 'of the worst requests at a real workerd', Object.fromEntries(statuses));
    printFigures(
      `memory of workerd: ${resident.join(', ')} MB before and after each round, ${await megabytes('VmHWM')} MB at its peak; ` +
        `longest answer ${sent.longestBytes} bytes, of requests of up to ${sent.longestRequestCharacters} characters`,
    );
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    expect([...sent.statuses.keys()].filter((status) => status === 0 || status >= 500)).toEqual([]);
    // None of these asks for much: all that could be long is a refusal.
    expect(sent.longestBytes).toBeLessThanOrEqual(MAX_REFUSAL_BYTES);
    const [, , second = 0, third = 0] = resident;
    expect(second).toBeGreaterThan(0);
    expect(third - second).toBeLessThanOrEqual(TOLERANCE_MB);
  },
);
