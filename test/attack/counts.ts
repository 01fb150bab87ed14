import { printLine, tried } from '../shared/counts.ts';

/** Prints what an attack found, in one line: the end of a run repeats it. */
export const printFigures = (figures: string): void => printLine('attack: ', figures);

/** Prints how many of something an attack tried, and what came of them. */
export const printTried = (...counted: Parameters<typeof tried>): void => printFigures(tried(...counted));
