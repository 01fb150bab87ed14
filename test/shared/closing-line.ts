import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import { BEGINNINGS } from './counts.ts';

/**
 * Closes a run with what attacks and faults found, and with the one line that machines read. A file that could not be run counts as a
 * failed test.
 */
export default class ClosingLine implements Reporter {
  readonly #found: string[] = [];

  onUserConsoleLog({ content }: UserConsoleLog): void {
    this.#found.push(
      ...content.split('\n').filter((line) => BEGINNINGS.some((beginning) => line.startsWith(beginning))),
    );
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const skipped = count('skipped');
    const notes = skipped > 0 ? [`${skipped} skipped`] : [];
    const last = `${count('passed')} passed, ${count('failed') + broken} failed`;
    // What tests print may come in later than their results.
    process.once('exit', () => process.stdout.write(`${[...this.#found, ...notes, last].join('\n')}\n`));
  }
}
