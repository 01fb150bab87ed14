import { printLine, tried } from '../shared/counts.ts';

/** Prints what faults showed, in one line: the end of a run repeats it. */
export const printFigures = (figures: string): void => printLine('faults: ', figures);

/** Prints how many of something were tried while faults happened, and what came of them. */
export const printTried = (...counted: Parameters<typeof tried>): void => printFigures(tried(...counted));
