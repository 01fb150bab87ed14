/** How each line begins that says what a run tried and found: its end repeats them all. */
export const FIGURES = ['attack: ', 'faults: '] as const;

/** Prints something that is to be read at the end of a run, in one line. */
export const printFigures = (figures: string, beginning: (typeof FIGURES)[number] = 'attack: '): void =>
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

/** Prints how many of something an attack tried and what came of them. */
export const printTried = (...counted: Parameters<typeof tried>): void => printFigures(tried(...counted));

/** Counts things by what came of them. */
export class Tally {
  readonly outcomes: Record<string, number> = {};

  add(outcome: string, times = 1): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + times;
  }
}
