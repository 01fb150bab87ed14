import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The rooms of `src`, from top to bottom: each may import itself and those below it, and nothing above. A room is a
 * folder, or a file that stands beside folders.
 */
export const ROOMS: readonly string[] = [
  'browser/pages',
  'browser',
  'cli',
  'cli/bundle',
  'cli/move',
  'cli/import',
  'cli/shared',
  'worker.ts',
  'http',
  'http/background',
  'http/webhooks',
  'http/dialects',
  'http/graphql',
  'http/graphql/compiled',
  'http/auth',
  'http/mail',
  'http/shared',
  'graphql',
  'graphql/imports',
  'graphql/webhooks',
  'graphql/events',
  'graphql/usage',
  'graphql/access-checks',
  'graphql/sessions',
  'graphql/trusted-issuers',
  'graphql/api-keys',
  'graphql/users',
  'graphql/roles',
  'graphql/customers',
  'graphql/tenants',
  'graphql/organization',
  'dialects/plain',
  'dialects/prismatic',
  'dialects/capig',
  'dialects/userdocks',
  'dialects/shared',
  'graphql/shared',
  'directory/housekeeping.ts',
  'directory/webhooks',
  'directory/rekeying',
  'directory/access-checks',
  'directory/usage',
  'directory/trusted-issuers',
  'directory/sign-in',
  'directory/customers',
  'directory/tenants',
  'directory/users',
  'directory/organization',
  'directory/events.ts',
  'directory/api-keys',
  'directory/roles',
  'directory/imports',
  'directory/mail',
  'directory/lists',
  'directory/guards',
  'directory/commands',
  'directory/access',
  'directory/kernel',
  'db',
  'db/schema',
  'db/sql.ts',
];

/** A source file: its path below `src`, and what it imports. */
export interface SourceFile {
  path: string;
  room: string;
  /** Paths below `src` of everything that it imports from there, types included and what is loaded later, too. */
  imports: readonly string[];
  /** Those that are loaded together with it: neither types, nor what `import()` loads. */
  loads: readonly string[];
  libraries: readonly string[];
  text: string;
}

const SOURCES = fileURLToPath(new URL('../../../src', import.meta.url));

/** The room of the file at a path: itself, if it is listed, else its folder. */
export function roomOf(path: string): string {
  return ROOMS.includes(path) ? path : path.split('/').slice(0, -1).join('/');
}

const STATIC = /^(?:(?:import|export)\b(?<type> type\b)?[^;'"=]*?\bfrom |import )'(?<from>[^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;

/** A file as its text says. */
export function sourceFile(path: string, text: string): SourceFile {
  const resolved = (from: string) => join(path, '..', from);
  const isOwn = (from: string) => from.startsWith('.');
  const fixed = [...text.matchAll(STATIC)].map(({ groups }) => ({ from: groups?.from ?? '', isType: groups?.type }));
  const later = [...text.matchAll(DYNAMIC)].map(([, from]) => from ?? '');
  const all = [...fixed.map(({ from }) => from), ...later];
  return {
    path,
    room: roomOf(path),
    imports: all.filter(isOwn).map(resolved),
    loads: fixed.filter(({ from, isType }) => isOwn(from) && !isType).map(({ from }) => resolved(from)),
    libraries: all.filter((from) => !isOwn(from)),
    text,
  };
}

/** Every file of `src`. */
export const sourceFiles = (): SourceFile[] =>
  readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => sourceFile(relative('.', path), readFileSync(join(SOURCES, path), 'utf8')));

/** An import from one room into another. */
export interface Arrow {
  from: string;
  to: string;
}

/** The arrows between rooms, each import once. */
export const arrowsBetween = (files: readonly SourceFile[]): Arrow[] =>
  files.flatMap(({ path, room, imports }) =>
    [...new Set(imports)].filter((to) => roomOf(to) !== room).map((to) => ({ from: path, to })),
  );

const height = (path: string): number => ROOMS.indexOf(roomOf(path));

/** Those of them that point up. */
export const arrowsUp = (files: readonly SourceFile[]): string[] =>
  arrowsBetween(files)
    .filter(({ from, to }) => height(to) >= 0 && height(to) < height(from))
    .map(({ from, to }) => `${from} -> ${to}`);

/** Files in a room that is not in the order. */
export const homeless = (files: readonly SourceFile[]): string[] =>
  files.filter(({ path }) => height(path) < 0).map(({ path }) => path);

/** The files that import each other in a circle: each group of them once (Tarjan's strongly connected components). */
export function circles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];

  function visit(path: string): number {
    const place = order.size;
    order.set(path, place);
    open.push(path);
    let low = place;
    for (const to of imports.get(path) ?? []) {
      if (!imports.has(to)) continue;
      if (to === path) found.push([path]);
      if (!order.has(to)) low = Math.min(low, visit(to));
      else if (open.includes(to)) low = Math.min(low, lowest.get(to) ?? order.get(to) ?? low);
      lowest.set(path, low);
    }
    lowest.set(path, low);
    if (low === place) {
      const circle = open.splice(open.indexOf(path));
      if (circle.length > 1) found.push(circle.sort());
    }
    return low;
  }

  for (const { path } of files) if (!order.has(path)) visit(path);
  return found;
}
