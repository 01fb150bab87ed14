import { writeBundle } from '../../src/cli/bundle.ts';

/** Writes the Worker as it is deployed, before it is tested. */
export const setup = async (): Promise<void> => {
  await writeBundle();
};
