import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** The folder of the Worker as it is deployed. */
export const BUNDLE = fileURLToPath(new URL('../../dist/worker/', import.meta.url));

/** The file of the Worker that loads the others, in the folder of the bundle. */
export const ENTRY = 'worker.mjs';

/** Files of libraries that nothing here calls, and why. Each is replaced by one with the same exports, which do nothing. */
const NEVER_CALLED = [
  // Pages of GraphQL Yoga, its HTTP, and another server's: only its engine is used (`getResultForParams`).
  /graphql-yoga\/esm\/(graphiql|landing-page)-html\.js$/,
  /graphql-yoga\/esm\/plugins\/(use-graphiql|use-health-check|use-unhandled-route|use-result-processor)\.js$/,
  /graphql-yoga\/esm\/plugins\/request-parser\/.*\.js$/,
  /graphql-yoga\/esm\/plugins\/request-validation\/use-limit-(batching|request-body-size)\.js$/,
  /@whatwg-node\/server\/esm\/(uwebsockets|plugins\/useCors)\.js$/,
  // Errors are masked here, and what it caches by is given to it.
  /@envelop\/core\/esm\/plugins\/use-masked-errors\.js$/,
  /graphql-yoga\/esm\/utils\/create-lru-cache\.js$/,
  // JSON Schema of the schemas of Zod.
  /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/,
  // Columns of another database, and of kinds that no table has.
  /drizzle-orm\/pg-core\/columns\/enum\.js$/,
  /drizzle-orm\/sqlite-core\/columns\/(blob|numeric|real)\.js$/,
  // Channels for who watches a process of Node.
  /graphql\/diagnostics\.mjs$/,
  // The schema is printed in order, and served as it was made.
  /graphql\/utilities\/lexicographicSortSchema\.mjs$/,
];

/** Rules for documents that find nothing in them: the schema does not have their directives. */
const FINDING_NOTHING = /graphql\/validation\/rules\/DeferStream\w+Rule\.mjs$/;

/** The names that a module exports: where it declares them, and in a list. */
const exportsOf = (source: string): string[] => [
  ...[...source.matchAll(/^export (?:async )?(?:function|const|let|class) (\w+)/gm)].map(([, name = '']) => name),
  ...[...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').flatMap(
      (entry) =>
        entry
          .trim()
          .split(/\s+as\s+/)
          .at(-1) || [],
    ),
  ),
];

/** What makes a server of the engine of GraphQL Yoga: the engine alone will do. */
const SERVER_ADAPTER = /@whatwg-node\/server\/esm\/createServerAdapter\.js$/;

/** Returns a module with the exports of that at `path`, all of which answer the same. */
function answering(answer: string, path: string): string {
  const names = exportsOf(readFileSync(path, 'utf8')).map((name) => `none as ${name}`);
  return `const none = () => ${answer}; export default none; export { ${names.join(', ')} };`;
}

const withoutWhatIsNeverCalled: Plugin = {
  name: 'without-what-is-never-called',
  setup: ({ onLoad }) => {
    for (const filter of NEVER_CALLED) onLoad({ filter }, ({ path }) => ({ contents: answering('undefined', path) }));
    onLoad({ filter: SERVER_ADAPTER }, () => ({ contents: 'export const createServerAdapter = (engine) => engine;' }));
    onLoad({ filter: FINDING_NOTHING }, ({ path }) => ({ contents: answering('({})', path) }));
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

/**
 * Lets the loader ask the runtime for what it wants of the process of Node, which in a Worker comes to the same. To have a process
 * made takes a thirtieth of all that is done until the first answer.
 */
const withoutProcess: Plugin = {
  name: 'without-process',
  setup: ({ onLoad }) => {
    onLoad({ filter: /dataloader\/index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace("typeof process === 'object' && typeof process.nextTick === 'function'", 'true')
        .replace('process.nextTick(', 'queueMicrotask('),
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
    plugins: [withoutWhatIsNeverCalled, withoutSchemaValidation, withoutProcess, withExecutorLater],
    // Of what is left out, names are asked for that nothing uses.
    logOverride: { 'import-is-undefined': 'silent' },
    define: { 'process.env.NODE_ENV': '"production"', 'globalThis.process': 'undefined' },
  });
}

if (import.meta.main) await writeBundle();
