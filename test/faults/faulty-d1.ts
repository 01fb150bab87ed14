import { LATER_MESSAGES } from '../../src/db/unavailable.ts';
import type { Dice } from '../shared/dice.ts';
import { meddled } from '../shared/gateway.ts';

/** What may happen to a call of D1 in place of an answer. "Stalled" is answered only when nobody waits any longer. */
export const FAULTS = ['turned away', 'failed before', 'failed after', 'stalled before', 'stalled after'] as const;
export type Fault = (typeof FAULTS)[number];

/** Those that a caller sees, without giving up by itself. */
export const FAILURES = FAULTS.filter((fault) => !fault.startsWith('stalled'));

/** Whether D1 has run the statements of a call that met with this fault. Of one that stalls, it will have. */
export const isRun = (fault: Fault): boolean => fault !== 'turned away' && fault !== 'failed before';

/** D1 that meets with faults. */
export interface FaultyD1 {
  DB: D1Database;
  /** Resolves as soon as a call stalls. */
  stalled: Promise<void>;
  /** Lets go what stalls, and what would stall from now on. */
  letGo(): void;
}

function messageOf(isRefusal: boolean, dice: Dice): string {
  const { text } = dice.one(LATER_MESSAGES.filter((message) => message.isRefusal === isRefusal));
  return `D1_ERROR: ${text}`;
}

/** D1 that meets with the fault that is told of each call, from 1 on. The dice choose what it says about that. */
export function faultyD1(faultOf: (call: number) => Fault | null, dice: Dice): FaultyD1 {
  const stall = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  const DB = meddled(async (call, run) => {
    const fault = faultOf(call);
    if (fault === null) return run();
    if (fault === 'turned away') throw new Error(messageOf(true, dice));
    if (fault === 'failed before') throw new Error(messageOf(false, dice));
    const results = fault === 'stalled before' ? undefined : await run();
    if (fault === 'failed after') throw new Error(messageOf(false, dice));
    stall.resolve();
    await going.promise;
    return results ?? run();
  });
  return { DB, stalled: stall.promise, letGo: going.resolve };
}
