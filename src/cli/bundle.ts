import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputChunk, type Plugin } from 'rolldown';
import { withLibrariesChanged } from './bundle/libraries.ts';

const SOURCES = fileURLToPath(new URL('../', import.meta.url));

/** The folder of the Worker as it is deployed. */
export const BUNDLE = fileURLToPath(new URL('../../dist/worker/', import.meta.url));

/** The file of the Worker that loads the others, in the folder of the bundle. */
export const ENTRY = 'worker.js';

const EXECUTOR = '@graphql-tools/executor';
const LATER = 'later:';

/** Loads the executor of GraphQL Yoga when it is called: hardly any operation is not compiled (`compiledExecution`). */
const withExecutorLater: Plugin = {
  name: 'with-executor-later',
  resolveId(id, importer = '', { kind }) {
    if (id !== EXECUTOR) return null;
    if (kind !== 'dynamic-import') return `${LATER}${importer}`;
    return importer.startsWith(LATER) ? this.resolve(id, importer.slice(LATER.length)) : null;
  },
  load: (id) =>
    id.startsWith(LATER)
      ? `export const normalizedExecutor = async (args) => (await import('${EXECUTOR}')).normalizedExecutor(args);`
      : null,
};

/**
 * Writes the Worker as it is deployed, and returns its files. Wrangler's own bundle is one file, all of which an isolate reads before
 * it answers anything. In this one, what is imported later stands in files of its own, which are read once they are asked for: the
 * schema of `/graphql`, each dialect, what people sign in by, and what signs tokens.
 */
export async function writeBundle(folder = BUNDLE): Promise<OutputChunk[]> {
  const { output } = await build({
    input: { worker: join(SOURCES, 'worker.ts') },
    external: /^(node|cloudflare):/,
    platform: 'neutral',
    resolve: {
      mainFields: ['browser', 'module', 'main'],
      conditionNames: ['workerd', 'worker', 'browser', 'module', 'import', 'default'],
    },
    transform: {
      // As wrangler does.
      target: 'es2024',
      define: { 'process.env.NODE_ENV': '"production"', 'globalThis.process': 'undefined' },
    },
    plugins: [withLibrariesChanged, withExecutorLater],
    // Workerd takes every export of that file for a handler.
    preserveEntrySignatures: 'strict',
    output: {
      dir: folder,
      cleanDir: true,
      entryFileNames: ENTRY,
      // A rule of wrangler.toml has them uploaded.
      chunkFileNames: 'parts/[name].js',
      minify: true,
      comments: { annotation: false, jsdoc: false },
      // What every isolate reads at once stands in one file.
      codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] },
    },
    optimization: { inlineConst: { mode: 'all' } },
    // Of what is left out, names are asked for that nothing uses.
    checks: { importIsUndefined: false },
  });
  return output.filter((file) => file.type === 'chunk');
}

if (import.meta.main) await writeBundle();
