import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import type { OutputChunk } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRY, writeBundle } from '../../../src/cli/bundle.ts';
import { NO_DIALECTS } from '../../../src/http/shared/environment.ts';

/** What may be read before anything is asked, as Wrangler counts: in one gzip. */
const MAX_STARTING_KIB = 51;
/** What may be read before the first answer to a query at `/graphql`, for who serves no dialect. */
const MAX_READING_KIB = 180;
/** What may be read before the first answer to a mutation. */
const MAX_CHANGING_KIB = 219;

const folder = mkdtempSync(join(tmpdir(), 'tenantry-bundle-'));
let chunks: OutputChunk[] = [];

beforeAll(async () => {
  chunks = await writeBundle(folder);
  standInForWorkerd();
});
afterAll(() => rmSync(folder, { recursive: true }));

const isOf = (source: string, path: string) => path.endsWith(`/src/${source}`);

/** The file that a source stands in. */
function fileOf(source: string): string {
  const found = chunks.find(({ moduleIds }) => moduleIds.some((path) => isOf(source, path)));
  if (!found) throw new Error(`${source} is in no file`);
  return found.fileName;
}

/** Puts something in the place of the module that workerd has: Node has no durable objects, and traces nothing. */
function standInForWorkerd(): void {
  const standIn = join(folder, 'workerd.mjs');
  writeFileSync(standIn, 'export class DurableObject {}\nexport const tracing = { getActiveSpan: () => undefined };');
  for (const { fileName, code } of chunks)
    writeFileSync(
      join(folder, fileName),
      code.replaceAll('"cloudflare:workers"', JSON.stringify(pathToFileURL(standIn))),
    );
}

/** The files that are read together with these sources, and with what begins. */
function readWith(...sources: string[]): OutputChunk[] {
  const names = new Set<string>();
  const read = (name: string): void => {
    if (names.has(name)) return;
    names.add(name);
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) read(imported);
  };
  for (const source of ['worker.ts', ...sources]) read(fileOf(source));
  return chunks.filter(({ fileName }) => names.has(fileName));
}

/** Asks the Worker of the bundle, whose database refuses everything. */
async function ask(path: string, DIALECTS = '', query = '{ __typename }'): Promise<[status: number, body: string]> {
  const { default: worker } = await import(pathToFileURL(join(folder, ENTRY)).href);
  const ROOT_KEY = 'root-key-of-the-bundle-0123456789';
  const DB = { prepare: () => ({ bind: () => ({}) }), batch: () => Promise.reject(new Error('as far as D1')) };
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const response: Response = await worker.fetch(request, { DB, ROOT_KEY, DIALECTS }, { waitUntil: () => {} });
  return [response.status, await response.text()];
}

const kibOf = (files: readonly OutputChunk[]) => gzipSync(files.map(({ code }) => code).join('')).length / 1024;

const sourcesIn = (files: readonly OutputChunk[]) =>
  files.flatMap(({ moduleIds }) => moduleIds.map((path) => relative(process.cwd(), path)));

describe('the bundle', () => {
  it('is read as far as it is needed', () => {
    const starting = readWith();
    const reading = readWith('http/graphql/engine.ts', 'graphql/read-schema.ts');
    const changing = readWith('http/graphql/engine.ts', 'graphql/schema.ts');
    const sizes = { starting, reading, changing, all: chunks };
    for (const [name, files] of Object.entries(sizes)) console.log(`${name}: ${kibOf(files).toFixed(1)} KiB`);
    expect(kibOf(starting)).toBeLessThan(MAX_STARTING_KIB);
    expect(kibOf(reading)).toBeLessThan(MAX_READING_KIB);
    expect(kibOf(changing)).toBeLessThan(MAX_CHANGING_KIB);
    const needless =
      /^src\/(dialects|graphql\/(?!schemas)|http\/dialects\/(?!registry|dialect)|http\/auth\/sign-in)|\/(jose|graphql-yoga|graphql\/type|@pothos)\//;
    expect(sourcesIn(starting).filter((path) => needless.test(path))).toEqual([]);
    expect(sourcesIn(changing).filter((path) => /^src\/dialects|\/jose\//.test(path))).toEqual([]);
    const imported = readFileSync('src/graphql/changing.ts', 'utf8').matchAll(/^import '\.\/(.+)';$/gm);
    const changes = [...imported].map(([, path]) => `src/graphql/${path}`);
    expect(changes.length).toBeGreaterThan(20);
    expect(sourcesIn(reading).filter((path) => changes.includes(path))).toEqual([]);
  });

  it('has what registers types in files of its own, so that no dialect reads it', () => {
    const dialects = ['plain', 'prismatic', 'capig'].map((dialect) => `dialects/${dialect}/schema.ts`);
    const sources = sourcesIn(readWith('http/graphql/engine.ts', ...dialects));
    expect(sources.filter((path) => /^src\/graphql\/(?!shared\/|schemas\.ts)/.test(path))).toEqual([]);
  });

  it('asks nothing of V8 or Node that takes long to make, such as what they know of languages', () => {
    const dear = /\btoLocale\w+\(|\bIntl\b|\btypeof process\b|\bnextTick\b|\bgetBuiltinModule\b/;
    expect(chunks.filter(({ code }) => dear.test(code)).map(({ fileName }) => fileName)).toEqual([]);
  });

  it('has the schema that is committed, with what is left out of libraries and changed in them', async () => {
    const query = getIntrospectionQuery({
      schemaDescription: true,
      specifiedByUrl: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    const [, body] = await ask('/graphql', NO_DIALECTS, query);
    const sorted = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema));
    expect(sorted(buildClientSchema(JSON.parse(body).data))).toBe(
      sorted(buildSchema(readFileSync('schema.graphql', 'utf8'))),
    );
  });

  it('answers at each API from what is loaded later', async () => {
    const good = [200, '{"data":{"__typename":"Query"}}'];
    for (const path of ['/graphql', '/api', '/hub/graphql', '/plain/graphql/v1'])
      expect(await ask(path), path).toEqual(good);
    expect((await ask('/v1/tenants/me'))[0]).toBe(405);
    expect((await ask('/auth/sign-in'))[0]).toBe(503);
    expect(await ask('/graphql', NO_DIALECTS)).toEqual(good);
    expect((await ask('/api', NO_DIALECTS))[0]).toBe(404);
    const id = btoa('Customer:01940000-0000-7000-8000-00000000c057');
    for (const query of [
      `{ customer(id: "${id}") { name } }`,
      `{ node(id: "${id}") { id } }`,
      '{ users(first: 1, filter: { search: "a" }) { nodes { role { name } } totalCount } }',
      `mutation { deleteCustomer(input: { id: "${id}" }) { __typename } }`,
    ]) {
      expect((await ask('/graphql', NO_DIALECTS, query))[1], query).toMatch(
        /"code":"(INTERNAL_SERVER_ERROR|OUTCOME_UNKNOWN)"/,
      );
    }
  });
});
