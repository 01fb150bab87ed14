import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import packageJson from './package.json' with { type: 'json' };
import { LongestFirst } from './test/shared/longest-first.ts';

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/shared/closing-line.ts'],
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { TEST_MIGRATIONS: await readD1Migrations('./migrations') } },
          })),
        ],
        test: {
          name: 'workerd',
          // No test claims to be fast: a machine that is busy has time for the longest of them.
          testTimeout: 20_000,
          // Each file begins with nothing all the same: see the setup.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/node/**'],
          setupFiles: ['./test/shared/setup.ts'],
          // One file of each library: to hand over the hundreds they are made of takes each test file seconds.
          deps: {
            optimizer: {
              ssr: { enabled: true, include: [...Object.keys(packageJson.dependencies), 'drizzle-orm/sqlite-core'] },
            },
          },
        },
      },
      {
        test: { name: 'node', include: ['test/node/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
