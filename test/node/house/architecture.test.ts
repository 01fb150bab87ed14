import { describe, expect, it } from 'vitest';
import { arrowsBetween, arrowsUp, circles, homeless, ROOMS, sourceFile, sourceFiles } from './house.ts';

const files = sourceFiles();
const storeyOf = (path: string): string => path.split('/')[0] ?? '';

/** What each storey may import beside itself: the order of the rooms alone would let an API reach past the directory. */
const MAY_IMPORT: Record<string, RegExp> = {
  db: /^db\//,
  directory: /^(directory|db)\//,
  graphql: /^(graphql|directory)\//,
  // Of our own API what has to do with GraphQL as such, and not with what the API says.
  dialects: /^(dialects|directory|graphql\/shared)\//,
  http: /^(http|graphql|dialects|directory)\/|^db\/(client|errors)\.ts$/,
  'worker.ts': /^http\//,
  // What is moved here from elsewhere gets ids in the words of its API. What is wrong with a row of an import that is not
  // sent is said in the words of the directory. Whoever migrates a database gives its records new keys as well.
  cli: /^(cli|graphql)\/|^http\/shared\/page\.ts$|^dialects\/plain\/ids\.ts$|^directory\/(\w+\/import|kernel\/[\w-]+|rekeying\/step)\.ts$/,
  browser: /^browser\/|^cli\/graphiql-examples\.ts$/,
};

const FOREIGN: Record<string, RegExp> = {
  db: /pothos|graphql|zod/,
  directory: /pothos|graphql|cloudflare/,
  graphql: /drizzle|cloudflare|zod/,
  dialects: /drizzle|cloudflare/,
};

/** Signals, not fences: a file that is long for a reason stays whole. */
const LONG_FILE_LINES = 300;
const FULL_ROOM_FILES = 15;

describe('the house', () => {
  it('has no file outside of the rooms, and no room that is empty', () => {
    expect(homeless(files)).toEqual([]);
    expect(ROOMS.filter((room) => files.every((file) => file.room !== room))).toEqual([]);
  });

  it('has no arrow up', () => expect(arrowsUp(files)).toEqual([]));

  it('has no circle', () => expect(circles(files)).toEqual([]));

  it('imports nothing past a storey, and no library of another storey', () => {
    const past = arrowsBetween(files).filter(({ from, to }) => !MAY_IMPORT[storeyOf(from)]?.test(to));
    const foreign = files.flatMap(({ path, libraries }) =>
      libraries.filter((name) => FOREIGN[storeyOf(path)]?.test(name)).map((name) => `${path} -> ${name}`),
    );
    expect(past).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('sees Request, Response and the environment in http only', () => {
    const seeing = files.filter(
      ({ path, text }) =>
        ['db', 'directory', 'graphql', 'dialects'].includes(storeyOf(path)) &&
        /\b(Request|Response|Environment|ExecutionContext)\b(?!\w)/.test(
          text.replaceAll(/\/\*.*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/gs, ''),
        ),
    );
    expect(seeing.map(({ path }) => path)).toEqual([]);
  });

  it('talks to D1 in one place', () => {
    // What runs in Node has no D1, and a database of its own.
    const worker = files.filter(({ path }) => storeyOf(path) !== 'cli');
    const talking = worker.filter(({ text }) => /\.(prepare|batch)(<[^>]*>)?\(/.test(text.replaceAll('db.batch(', '')));
    expect(talking.map(({ path }) => path)).toEqual(['db/client.ts']);
  });

  it('declares in the kernel every error that can reach a caller', () => {
    const declaring = files.filter(
      ({ path, text }) => storeyOf(path) !== 'cli' && /\bclass \w+ extends \w*Error\b/.test(text),
    );
    // Those of the database say what became of the request, and nothing of what it asked for.
    expect(declaring.map(({ path }) => path).sort()).toEqual([
      'db/errors.ts',
      'directory/kernel/authentication-errors.ts',
      'directory/kernel/errors.ts',
      'directory/kernel/repetition-errors.ts',
    ]);
  });

  it('loads no schema of a dialect before it is asked for one', () => {
    const loaded = new Set<string>();
    const load = (path: string) => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const from of files.find((file) => file.path === path)?.loads ?? []) load(from);
    };
    load('worker.ts');
    expect(loaded).toContain('http/dialects/registry.ts');
    expect([...loaded].filter((path) => /^dialects\/.*\b(schema|builder)\.ts$/.test(path))).toEqual([]);
  });

  it('says how large it is', () => {
    const lines = ({ text }: { text: string }) => text.split('\n').length - 1;
    const long = files.filter((file) => lines(file) > LONG_FILE_LINES);
    const sizes = ROOMS.map((room) => ({ room, size: files.filter((file) => file.room === room).length }));
    const [largest] = sizes.toSorted((one, other) => other.size - one.size);
    console.log(
      [
        `${ROOMS.length} rooms, ${files.length} files, ${arrowsBetween(files).length} arrows between rooms,`,
        `${arrowsUp(files).length} up, ${circles(files).length} circles; the largest room: ${largest?.room} (${largest?.size} files)`,
        `rooms of more than ${FULL_ROOM_FILES} files: ${sizes.flatMap(({ room, size }) => (size > FULL_ROOM_FILES ? [room] : [])).join(', ') || 'none'}`,
        `files of more than ${LONG_FILE_LINES} lines: ${long.map((file) => `${file.path} (${lines(file)})`).join(', ') || 'none'}`,
      ].join('\n'),
    );
    expect(files.length).toBeGreaterThan(200);
  });
});

describe('what would break the house', () => {
  const access = (text: string) => sourceFile('directory/access/a.ts', text);
  const kernel = (text: string) => sourceFile('directory/kernel/k.ts', text);
  const down = access("import { k } from '../kernel/k.ts';\n");

  it('is an arrow up, whether it is a type, a value, or loaded later', () => {
    const arrow = 'directory/kernel/k.ts -> directory/access/a.ts';
    for (const text of [
      "import { a } from '../access/a.ts';",
      "import type { A } from '../access/a.ts';",
      "import {\n  type A,\n  a,\n} from '../access/a.ts';",
      "import '../access/a.ts';",
      "export { a } from '../access/a.ts';",
      "const later = () => import('../access/a.ts');",
    ]) {
      expect(arrowsUp([access(''), kernel(text)]), text).toEqual([arrow]);
    }
    expect(arrowsUp([down, kernel('')])).toEqual([]);
  });

  it('is a circle, of types as well, also inside a room', () => {
    const next = (name: string, to: string) =>
      sourceFile(`directory/access/${name}.ts`, `import type { ${to} } from './${to}.ts';\n`);
    expect(circles([down, kernel("import type { A } from '../access/a.ts';")])).toEqual([
      ['directory/access/a.ts', 'directory/kernel/k.ts'],
    ]);
    expect(circles([next('a', 'b'), next('b', 'c'), next('c', 'a')])).toEqual([
      ['directory/access/a.ts', 'directory/access/b.ts', 'directory/access/c.ts'],
    ]);
    expect(circles([next('a', 'b'), next('b', 'c'), next('c', 'd')])).toEqual([]);
  });

  it('is a file in a room that is not in the order', () => {
    expect(homeless([sourceFile('directory/attic/x.ts', ''), sourceFile('directory/x.ts', ''), down])).toEqual([
      'directory/attic/x.ts',
      'directory/x.ts',
    ]);
  });
});
