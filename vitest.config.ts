import { dirname, join, resolve } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig, type Plugin, type TestProjectInlineConfiguration } from 'vitest/config';
import packageJson from './package.json' with { type: 'json' };
import { BUNDLE, ENTRY } from './src/cli/bundle.ts';
import { LongestFirst } from './test/shared/longest-first.ts';

/** Puts the Worker as it is deployed in the place of its source. */
const asDeployed: Plugin = {
  name: 'as-deployed',
  enforce: 'pre',
  resolveId(id, importer = '') {
    if (id.endsWith('/src/worker.ts')) return join(BUNDLE, ENTRY);
    // Without the query, a rule of wrangler.toml would have some parts loaded twice, which then do not know each other.
    return importer.startsWith(BUNDLE) && id.startsWith('.') ? `${resolve(dirname(importer), id)}?part` : null;
  },
};

/** Tests that run in the Workers runtime, one file after the other in each of two processes. */
const inWorkerd = (
  test: TestProjectInlineConfiguration['test'],
  { isIsolationWhole = false, isDeployed = false } = {},
): TestProjectInlineConfiguration => ({
  plugins: [
    ...(isDeployed ? [asDeployed] : []),
    cloudflareTest(async () => ({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations('./migrations'),
          ATTACK_SIZE: Number(process.env.ATTACK_SIZE ?? 1),
          ATTACK_SEED: Number(process.env.ATTACK_SEED ?? 0),
          FAULTS_SIZE: Number(process.env.FAULTS_SIZE ?? 1),
          FAULTS_SEED: Number(process.env.FAULTS_SEED ?? 0),
          IS_ISOLATION_WHOLE: isIsolationWhole,
          LISTS_SIZE: Number(process.env.LISTS_SIZE ?? 50_000),
        },
      },
    })),
  ],
  test: {
    // Each file begins with nothing all the same: see the setup.
    isolate: false,
    setupFiles: ['./test/shared/setup.ts'],
    // One file of each library: to hand over the hundreds they are made of takes each test file seconds.
    deps: {
      optimizer: {
        ssr: {
          enabled: true,
          include: [...Object.keys(packageJson.dependencies), 'drizzle-orm/sqlite-core', 'graphql/error'],
        },
      },
    },
    ...test,
  },
});

/** What is tested of the Worker in `npm test`. */
const WORKER = {
  // No test claims to be fast: a machine that is busy has time for the longest of them.
  testTimeout: 20_000,
  include: ['test/**/*.test.ts'],
  exclude: ['node', 'commands', 'browser', 'clients', 'attack', 'faults', 'import', 'lists'].map(
    (folder) => `test/${folder}/**`,
  ),
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/shared/closing-line.ts'],
    projects: [
      inWorkerd({ name: 'workerd', ...WORKER }),
      {
        test: { name: 'node', include: ['test/node/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
      },
      // The same, of the Worker as it is deployed: see `npm run test:deployed`. One test changes the schema that it finds in `src`.
      inWorkerd(
        {
          name: 'deployed',
          ...WORKER,
          exclude: [...WORKER.exclude, 'test/walks/ahead.test.ts'],
          globalSetup: './test/shared/deployed.ts',
        },
        { isDeployed: true },
      ),
      // A part of it is in `npm test`: see `npm run test:isolation`.
      inWorkerd(
        { name: 'isolation', testTimeout: 20_000, include: ['test/walks/isolation*.test.ts'] },
        { isIsolationWhole: true },
      ),
      // Not a part of `npm test`, which does without the packages that it needs: see `npm run test:clients`.
      {
        test: {
          name: 'clients',
          include: ['test/clients/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // Nor is this: see `npm run test:attack`.
      inWorkerd({
        name: 'attack',
        testTimeout: 600_000,
        include: ['test/attack/**/*.test.ts'],
        exclude: ['test/attack/processes/**'],
      }),
      // Nor is this: see `npm run test:commands`.
      {
        test: { name: 'commands', include: ['test/commands/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
      },
      // Nor is this: see `npm run test:lists`.
      inWorkerd({ name: 'lists', testTimeout: 900_000, hookTimeout: 900_000, include: ['test/lists/*.test.ts'] }),
      // Nor is this: see `npm run test:faults`.
      inWorkerd({
        name: 'faults',
        testTimeout: 1_800_000,
        include: ['test/faults/**/*.test.ts'],
        exclude: ['test/faults/processes/**'],
      }),
      {
        test: {
          name: 'attack-processes',
          include: ['test/attack/processes/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 180_000,
        },
      },
      // Nor is this: see `npm run test:browser`.
      {
        test: {
          name: 'browser',
          include: ['test/browser/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // Nor is this: see `npm run test:import`.
      {
        test: { name: 'import', include: ['test/import/**/*.test.ts'], testTimeout: 5_400_000, hookTimeout: 180_000 },
      },
      // Nor is this: see `npm run test:faults`.
      {
        test: { name: 'faults-processes', include: ['test/faults/processes/**/*.test.ts'], hookTimeout: 1_800_000 },
      },
    ],
  },
});
