import { vi } from 'vitest';
import { READ_TIMEOUT_MILLISECONDS } from '../../src/db/unavailable.ts';

const TIMES_FASTER = 50;

/** Waits between two attempts at a read take a fraction of their time from now on. When a read is given up stays as it is. */
export function hastenRetries(): void {
  const { setTimeout } = globalThis;
  const hastened = (run: () => void, milliseconds = 0) =>
    setTimeout(run, milliseconds < READ_TIMEOUT_MILLISECONDS ? milliseconds / TIMES_FASTER : milliseconds);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(hastened as typeof setTimeout);
}
