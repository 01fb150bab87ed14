import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRY, writeBundle } from '../../../src/cli/bundle.ts';
import { NO_DIALECTS } from '../../../src/http/shared/environment.ts';

/** What may be read before the first answer of `/graphql` by who serves no dialect, as Wrangler counts: in one gzip. */
const MAX_GRAPHQL_KIB = 231;
/** What may be read before anything is asked. */
const MAX_STARTING_KIB = 62;

const folder = mkdtempSync(join(tmpdir(), 'tenantry-bundle-'));
let outputs: Metafile['outputs'] = {};
let pathOf = (_entry: string): string => '';

beforeAll(async () => {
  ({ outputs } = (await writeBundle(folder)).metafile);
  pathOf = (entry) =>
    Object.keys(outputs).find((path) => outputs[path]?.entryPoint === entry) ?? `nothing for ${entry}`;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts something in the place of the module that workerd has: Node has no durable objects, and traces nothing. */
function standInForWorkerd(): void {
  const standIn = join(folder, 'workerd.mjs');
  writeFileSync(standIn, 'export class DurableObject {}\nexport const tracing = { getActiveSpan: () => undefined };');
  for (const path of Object.keys(outputs)) {
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.replaceAll('"cloudflare:workers"', JSON.stringify(pathToFileURL(standIn))));
  }
}

/** The files that are read together with a file, itself included. */
function readWith(path: string, read = new Set<string>()): Set<string> {
  if (read.has(path)) return read;
  read.add(path);
  for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
    if (kind === 'import-statement' && !external) readWith(next, read);
  }
  return read;
}

const kibOf = (paths: Iterable<string>) =>
  gzipSync(Buffer.concat([...paths].map((path) => readFileSync(path)))).length / 1024;

const sourcesIn = (paths: Iterable<string>) => [...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));

describe('the bundle', () => {
  it('is read as far as it is needed', () => {
    const starting = readWith(pathOf('src/worker.ts'));
    const asked = ['src/http/graphql/engine.ts', 'src/graphql/schema.ts'];
    const graphql = asked.reduce((read, source) => readWith(pathOf(source), read), new Set(starting));
    console.log(
      `starting ${kibOf(starting).toFixed(1)} KiB, /graphql ${kibOf(graphql).toFixed(1)} KiB, all ${kibOf(Object.keys(outputs)).toFixed(1)} KiB`,
    );
    expect(kibOf(starting)).toBeLessThan(MAX_STARTING_KIB);
    expect(kibOf(graphql)).toBeLessThan(MAX_GRAPHQL_KIB);
    const needless =
      /^src\/(dialects|graphql|http\/dialects\/(?!registry|dialect)|http\/auth\/sign-in)|\/(jose|graphql-yoga|graphql\/type|@pothos)\//;
    expect(sourcesIn(starting).filter((path) => needless.test(path))).toEqual([]);
    expect(sourcesIn(graphql).filter((path) => /^src\/dialects|\/jose\//.test(path))).toEqual([]);
  });

  it('asks nothing of V8 or Node that takes long to make, such as what they know of languages', () => {
    const dear = /\btoLocale\w+\(|\bIntl\b|\btypeof process\b|\bnextTick\b|\bgetBuiltinModule\b/;
    const asking = Object.keys(outputs).filter((path) => dear.test(readFileSync(path, 'utf8')));
    expect(asking).toEqual([]);
  });

  it('answers at each API from what is loaded later', async () => {
    standInForWorkerd();
    const { default: worker } = await import(pathToFileURL(join(folder, ENTRY)).href);
    const ROOT_KEY = 'root-key-of-the-bundle-0123456789';
    const ask = async (path: string, DIALECTS = '') => {
      const request = new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ __typename }' }),
      });
      const response: Response = await worker.fetch(request, { ROOT_KEY, DIALECTS }, {});
      return [response.status, await response.text()];
    };
    const good = [200, '{"data":{"__typename":"Query"}}'];
    for (const path of ['/graphql', '/api', '/hub/graphql', '/plain/graphql/v1'])
      expect(await ask(path), path).toEqual(good);
    expect((await ask('/v1/tenants/me'))[0]).toBe(405);
    expect((await ask('/auth/sign-in'))[0]).toBe(503);
    expect(await ask('/graphql', NO_DIALECTS)).toEqual(good);
    expect((await ask('/api', NO_DIALECTS))[0]).toBe(404);
  });
});
