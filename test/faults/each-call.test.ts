import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { Tally } from '../shared/counts.ts';
import { Dice } from '../shared/dice.ts';
import { codeOf, unique } from '../shared/fixtures.ts';
import { type Answer, ask, graphqlRequest, send } from '../shared/gateway.ts';
import { rewind } from '../shared/rewind.ts';
import { MUTATIONS, type Mutation } from '../walks/mutations.ts';
import { asker, lastingWorld, type OperationWorld } from '../walks/operations.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { type Fault, faultyD1 } from './faulty-d1.ts';
import { hastenRetries } from './hastened.ts';
import { withKey } from './keys.ts';
import { lastEvent, type Made, madeSince } from './made.ts';
import { sized } from './size.ts';

/** What happens to a call, by how far it is behind the one that it is about. */
const PATTERNS: Record<string, (behind: number) => Fault | null> = {
  'is turned away': (behind) => (behind === 0 ? 'turned away' : null),
  'fails before it runs': (behind) => (behind === 0 ? 'failed before' : null),
  'fails after it ran': (behind) => (behind === 0 ? 'failed after' : null),
  'fails before it runs, and so do all that follow': (behind) => (behind >= 0 ? 'failed before' : null),
  'fails after it ran, and all that follow before they run': (behind) =>
    behind > 0 ? 'failed before' : behind === 0 ? 'failed after' : null,
};

let world: OperationWorld;
const tally = new Tally();

/** A mutation that can be sent again, and from when on events count. */
interface Case {
  request(key: string | null): Request;
  made(): Promise<Made>;
}

async function newCase(mutation: Mutation): Promise<Case> {
  await rewind().run();
  const { secret, input } = await asker(mutation, world, PERMISSIONS);
  await ask('{ viewer { type } }', {}, secret);
  const event = await lastEvent();
  return {
    request: (key) => withKey(graphqlRequest(mutation.document, input, secret), key),
    made: () => madeSince(event),
  };
}

/** Whether an answer says that the change was made, whatever could not be read of it. */
const isDone = ({ data, errors }: Answer, { name }: Mutation): boolean =>
  /Payload$/.test(data?.[name]?.__typename ?? '') && errors.every(({ extensions }) => extensions.committed === true);

/** Whether it ends the session of whoever asks, who cannot ask again then. */
const endsOwnSession = ({ as, name }: Mutation): boolean =>
  as === 'user' && ['signOut', 'revokeSession'].includes(name);

/** How many calls it takes, and what it makes, where nothing fails. */
async function withoutFaults(mutation: Mutation): Promise<{ calls: number; made: Made; none: Made }> {
  const { request, made } = await newCase(mutation);
  const none = await made();
  let calls = 0;
  const { DB } = faultyD1((call) => {
    calls = call;
    return null;
  }, new Dice(1));
  const answer = await send(request(unique('key')), { DB });
  expect(isDone(answer, mutation), answer.text).toBe(true);
  return { calls, made: await made(), none };
}

/** Each call, pattern, with a key and without; of a smaller run, some of them by chance. */
function casesOf(calls: number, dice: Dice) {
  const all = Array.from({ length: calls }, (_, index) =>
    Object.keys(PATTERNS).flatMap((pattern) => [true, false].map((hasKey) => ({ call: index + 1, pattern, hasKey }))),
  ).flat();
  const left = all.length - sized(all.length);
  for (let taken = 0; taken < left; taken += 1) all.splice(dice.below(all.length), 1);
  return all;
}

const faulty = (call: number, pattern: string, dice: Dice): D1Database =>
  faultyD1((number) => PATTERNS[pattern]?.(number - call) ?? null, dice).DB;

beforeAll(async () => {
  world = await lastingWorld();
});
beforeEach(() => {
  hastenRetries();
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

describe('whatever call of D1 fails', () => {
  const dice = newDice();
  const { seed } = dice;

  for (const [index, mutation] of MUTATIONS.entries()) {
    it(`${mutation.name} (${index + 1}) is done once if it is repeated with its key, and never answered untruly`, async () => {
      const { calls, made: once, none } = await withoutFaults(mutation);
      for (const { call, pattern, hasKey } of casesOf(calls, dice)) {
        const label = `FAULTS_SEED=${seed}: call ${call} of ${calls} ${pattern}`;
        const DB = faulty(call, pattern, dice);
        if (hasKey) await withKeyOf(mutation, DB, once, label);
        else await withoutKeyOf(mutation, DB, once, none, label);
        tally.add('cases');
      }
    });
  }

  it('is counted', () => printTried(MUTATIONS.length, 'mutations at each call', tally.outcomes));
});

async function withKeyOf(mutation: Mutation, DB: D1Database, once: Made, label: string): Promise<void> {
  const { request, made } = await newCase(mutation);
  const key = unique('key');
  const first = await send(request(key), { DB });
  tally.add(`with a key: ${isDone(first, mutation) ? 'done' : first.status}`);
  if (!isDone(first, mutation)) expect([first.status, first.headers.has('retry-after')], label).toEqual([503, true]);
  const repeated = await send(request(key));
  const isOut = endsOwnSession(mutation) && codeOf(repeated) === 'UNAUTHENTICATED';
  expect(isDone(repeated, mutation) || isOut, `${label}: ${repeated.text}`).toBe(true);
  expect(await made(), label).toEqual(once);
}

/** What an answer without a key says of the change; null if that is nothing that it may say. */
function claimOf(answer: Answer, mutation: Mutation): 'done' | 'not done' | 'unknown' | null {
  if (isDone(answer, mutation)) return 'done';
  const { status, headers } = answer;
  if (codeOf(answer) === 'OUTCOME_UNKNOWN' && status === 503) return 'unknown';
  if (codeOf(answer) === 'SERVICE_UNAVAILABLE' && status === 503 && headers.has('retry-after')) return 'not done';
  return null;
}

async function withoutKeyOf(mutation: Mutation, DB: D1Database, once: Made, none: Made, label: string): Promise<void> {
  const { request, made } = await newCase(mutation);
  const answer = await send(request(null), { DB });
  const claim = claimOf(answer, mutation);
  tally.add(`without one: ${claim}`);
  const is = await made();
  if (claim === 'unknown') expect([once, none], label).toContainEqual(is);
  else if (claim === 'done') expect(is, label).toEqual(once);
  else expect([claim, is], `${label}: ${answer.text}`).toEqual(['not done', none]);
}
