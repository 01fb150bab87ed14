/** How the line begins that says what was tried: the end of a run repeats each of them. */
export const TRIED = 'tried ';

const spelled = (count: number): string => count.toLocaleString('en-US');

/**
 * Prints how many of something were tried and what came of them, such as
 * `tried 5,000 documents: 3,112 answered, 1,888 refused`.
 */
export function printTried(count: number, things: string, outcomes: Readonly<Record<string, number>> = {}): void {
  const parts = Object.entries(outcomes).map(([outcome, times]) => `${spelled(times)} ${outcome}`);
  console.log(`${TRIED}${spelled(count)} ${things}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`);
}

/** Counts things by what came of them. */
export class Tally {
  readonly outcomes: Record<string, number> = {};

  add(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}
