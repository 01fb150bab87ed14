/** How each line begins that says what a run tried and found: its end repeats them all. */
export const BEGINNINGS = ['attack: ', 'faults: ', 'import: '] as const;

/** Prints something that is to be read at the end of a run, in one line. */
export const printLine = (beginning: (typeof BEGINNINGS)[number], figures: string): void =>
  console.log(`${beginning}${figures}`);

const spelled = (count: number): string => count.toLocaleString('en-US');

/**
 * Says how many of something were tried and what came of them, such as
 * `tried 5,000 documents: 3,112 answered, 1,888 refused`.
 */
export function tried(count: number, things: string, outcomes: Readonly<Record<string, number>> = {}): string {
  const parts = Object.entries(outcomes).map(([outcome, times]) => `${spelled(times)} ${outcome}`);
  return `tried ${spelled(count)} ${things}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** Counts things by what came of them. */
export class Tally {
  readonly outcomes: Record<string, number> = {};

  add(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}
