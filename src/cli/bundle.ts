import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** The folder of the Worker as it is deployed. */
export const BUNDLE = fileURLToPath(new URL('../../dist/worker/', import.meta.url));

/** The file of the Worker that loads the others, in the folder of the bundle. */
export const ENTRY = 'worker.mjs';

/** Leaves out the pages of GraphQL Yoga, which are never shown. */
const withoutPages: Plugin = {
  name: 'without-pages',
  setup: ({ onLoad }) => {
    onLoad({ filter: /graphql-yoga\/esm\/(graphiql|landing-page)-html\.js$/ }, () => ({
      contents: "export default '';",
    }));
  },
};

/** Leaves out what makes JSON Schema of the schemas of Zod: nothing asks for that. */
const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup: ({ onLoad }) => {
    onLoad({ filter: /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/ }, () => ({
      contents: `const none = () => undefined;
        export { none as createToJSONSchemaMethod, none as createStandardJSONSchemaMethod, none as toJSONSchema, none as JSONSchemaGenerator };`,
    }));
  },
};

/** Leaves out what judges schemas: they are the same whenever the Worker starts, and a test judges them. */
const withoutSchemaValidation: Plugin = {
  name: 'without-schema-validation',
  setup: ({ onLoad }) => {
    onLoad({ filter: /graphql\/type\/validate\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        'export function validateSchema(',
        'export const validateSchema = () => []; function validated(',
      ),
    }));
    onLoad({ filter: /graphql\/validation\/specifiedRules\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/(specifiedSDLRules = )Object\.freeze\(.*?\)/s, '$1[]'),
    }));
  },
};

const EXECUTOR = '@graphql-tools/executor';

/** Loads the executor of GraphQL Yoga when it is called: hardly any operation is not compiled (`compiledExecution`). */
const withExecutorLater: Plugin = {
  name: 'with-executor-later',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: new RegExp(`^${EXECUTOR}$`) }, ({ namespace, importer }) =>
      namespace === 'later' ? undefined : { path: importer, namespace: 'later' },
    );
    onLoad({ filter: /./, namespace: 'later' }, ({ path }) => ({
      contents: `export const normalizedExecutor = async (args) => (await import('${EXECUTOR}')).normalizedExecutor(args);`,
      resolveDir: dirname(path),
    }));
  },
};

/**
 * Writes the Worker as it is deployed, and returns what esbuild says of it. Wrangler's own bundle is one file, all of which an
 * isolate reads before it answers anything. In this one, what is imported later stands in files of its own, which are read once
 * they are asked for: the schema of `/graphql`, each dialect, what people sign in by, and what signs tokens.
 */
export async function writeBundle(folder = BUNDLE) {
  rmSync(folder, { recursive: true, force: true });
  return build({
    entryPoints: [fileURLToPath(new URL('../worker.ts', import.meta.url))],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // A rule of wrangler.toml has them uploaded.
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    metafile: true,
    // As wrangler does.
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    plugins: [withoutPages, withoutJsonSchema, withoutSchemaValidation, withExecutorLater],
    // Of what is left out, names are asked for that nothing uses.
    logOverride: { 'import-is-undefined': 'silent' },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
}

if (import.meta.main) await writeBundle();
