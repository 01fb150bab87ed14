import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../../src', import.meta.url));

interface File {
  path: string;
  storey: string;
  imports: string[];
  text: string;
}

const files: File[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const imports = [...text.matchAll(/^import [^;]*?from '([^']+)'/gms)].map(([, from]) => from ?? '');
    const resolved = imports.map((from) => (from.startsWith('.') ? relative(src, join(src, path, '..', from)) : from));
    return { path, storey: path.split('/')[0] ?? '', imports: resolved, text };
  });

const MAY_IMPORT: Record<string, RegExp> = {
  db: /^db\//,
  directory: /^(directory|db)\//,
  graphql: /^(graphql|directory)\//,
  // Of our own API what has to do with GraphQL as such, and not with what the API says.
  dialects: /^(dialects|directory)\/|^graphql\/shared\//,
  http: /^(http|graphql|dialects|directory)\/|^db\/client\.ts$/,
  'worker.ts': /^http\//,
  cli: /^(cli|graphql)\/|^http\/shared\/page\.ts$/,
  browser: /^browser\/|^cli\/graphiql-examples\.ts$/,
};

const FOREIGN: Record<string, RegExp> = {
  db: /pothos|graphql|zod/,
  directory: /pothos|graphql|cloudflare/,
  graphql: /drizzle|cloudflare|zod/,
  dialects: /drizzle|cloudflare/,
};

describe('the house', () => {
  it('has source files', () => expect(files.length).toBeGreaterThan(40));

  for (const { path, storey, imports } of files) {
    it(`${path} imports nothing from a storey above, and no library of another storey`, () => {
      const own = imports.filter((from) => from.endsWith('.ts'));
      const libraries = imports.filter((from) => !from.endsWith('.ts'));
      expect(own.filter((from) => !MAY_IMPORT[storey]?.test(from))).toEqual([]);
      expect(libraries.filter((from) => FOREIGN[storey]?.test(from))).toEqual([]);
    });
  }

  it('sees Request, Response and the environment in http only', () => {
    const seeing = files.filter(
      ({ storey, text }) =>
        ['db', 'directory', 'graphql', 'dialects'].includes(storey) &&
        /\b(Request|Response|Environment|ExecutionContext)\b(?!\w)/.test(
          text.replaceAll(/\/\*.*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/gs, ''),
        ),
    );
    expect(seeing.map(({ path }) => path)).toEqual([]);
  });

  it('talks to D1 in one place', () => {
    const talking = files.filter(({ text }) => /\.(prepare|batch)(<[^>]*>)?\(/.test(text.replaceAll('db.batch(', '')));
    expect(talking.map(({ path }) => path)).toEqual(['db/client.ts']);
  });

  it('has small files', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 251);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('loads no schema of a dialect before it is asked for one', () => {
    const loaded = new Set<string>();
    const load = (path: string) => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const from of files.find((file) => file.path === path)?.imports ?? []) load(from);
    };
    load('worker.ts');
    expect(loaded).toContain('http/dialects/registry.ts');
    expect([...loaded].filter((path) => /^dialects\/.*\b(schema|builder)\.ts$/.test(path))).toEqual([]);
  });
});
