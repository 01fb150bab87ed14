import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with the one line that machines read. A file that could not be run counts as a failed test. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const skipped = count('skipped');
    const notes = skipped > 0 ? `${skipped} skipped\n` : '';
    const line = `${notes}${count('passed')} passed, ${count('failed') + broken} failed\n`;
    // What tests print may come in later than their results.
    process.once('exit', () => process.stdout.write(line));
  }
}
