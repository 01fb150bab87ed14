import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ImportType, rowOf } from '../../../src/cli/import/columns.ts';
import { findDuplicates } from '../../../src/cli/import/duplicates.ts';
import type { Line } from '../../../src/cli/import/lines.ts';
import { runImport } from '../../../src/cli/import/run.ts';
import { type Fake, FakeDirectory } from './fake-directory.ts';
import { type FakeGateway, fakeGateway } from './fake-gateway.ts';

/** More than two requests take, so that what is far apart goes in different ones. */
const FAR = 1200;

let directory: string;
let gateway: FakeGateway;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  gateway = await fakeGateway();
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  gateway.stop();
  rmSync(directory, { recursive: true });
  vi.restoreAllMocks();
});

const COLUMNS = ['externalId', 'name', 'email', 'kind'] as const;
type Cells = Partial<Record<(typeof COLUMNS)[number], string>>;

const lineOf = (cells: Cells) => COLUMNS.map((column) => cells[column] ?? '').join(',');
const customer = (index: number): Cells => ({
  externalId: `c-${index}`,
  name: `Name ${index}`,
  email: `mail${index}@x.example`,
});
const customers = (count: number) => Array.from({ length: count }, (_, index) => customer(index));
const asRow = ({ email, ...cells }: Cells): Fake => ({
  ...cells,
  ...(email !== undefined && { email: { address: email } }),
});

interface Importing {
  type?: ImportType;
  isDry?: boolean;
}

/** Imports lines as the command does. Answers the counts, the lines that failed, by their numbers, and what is said of them. */
async function imported(lines: readonly Cells[], { type = 'customers', isDry = false }: Importing = {}) {
  const [file, failed, dryRun] = ['file.csv', 'failed.csv', 'dry-run.csv'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, [COLUMNS.join(','), ...lines.map(lineOf), ''].join('\n'));
  const args = {
    file,
    type,
    url: gateway.url,
    key: 'key',
    failed,
    encoding: null,
    map: [],
    dryRun: isDry ? dryRun : null,
  };
  const { counts, isFinished } = await runImport(args, () => new AbortController().signal);
  expect(isFinished).toBe(true);
  const written = existsSync(failed) ? readFileSync(failed, 'utf8').trimEnd().split('\n').slice(1) : [];
  const rest = written.map((line) => /^"((?:[^"]|"")*)",(.*)$/.exec(line) ?? []);
  const numbers = new Map(lines.map((cells, index) => [lineOf(cells), index + 2]));
  return {
    counts,
    failed: rest.map(([, reason, line]): [number | undefined, string] => [numbers.get(line ?? ''), reason ?? '']),
    dryRun: isDry ? readFileSync(dryRun, 'utf8') : '',
  };
}

const updated = (count: number, others = {}) => ({ CREATED: 0, UPDATED: count, NOOP: 0, FAILED: 0, ...others });

/** Rows that each take the value of the one behind it, and the last of the first: as many to a ring as `sizes` says. */
function rings(column: 'name' | 'email', ...sizes: readonly number[]): Cells[] {
  let first = 0;
  return sizes.flatMap((size) => {
    const from = first;
    first += size;
    return Array.from({ length: size }, (_, index) => ({
      externalId: `c-${from + index}`,
      [column]: customer(from + ((index + 1) % size))[column],
    }));
  });
}

/** The lines with such between them that change nothing of what they wait for, so that no two are sent together. */
const apart = (lines: readonly Cells[]): Cells[] =>
  lines.flatMap((line, index) => [
    line,
    ...Array.from({ length: 500 }, (_, at) => ({ externalId: `far-${index}-${at}`, name: `Far ${index} ${at}` })),
  ]);

/** A generator of numbers from 0 to below `limit`, the same each time (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const shuffled = <T>(list: readonly T[], below: (limit: number) => number): T[] =>
  list
    .map((value) => ({ value, place: below(1_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);

describe('lines that wait for values of each other', () => {
  it.each(['name', 'email'] as const)('succeed by their %s however far they are apart', async (column) => {
    gateway.directory.import(customers(6).map(asRow), false);
    const [swap, other] = rings(column, 2);
    const [one, two, three] = rings(column, 2, 3).slice(2);
    const chain = { externalId: 'c-5', [column]: 'new@x.example' };
    const behind = { externalId: 'new', name: 'New', [column]: customer(5)[column] };
    const lines = apart([behind, swap, one, two, chain, other, three] as Cells[]);
    const { counts, failed } = await imported(lines);
    expect({ counts, failed }).toEqual({ counts: updated(6, { CREATED: 3501 }), failed: [] });
    expect(gateway.directory.find({ externalId: 'c-0' })).toMatchObject(
      asRow({ [column]: customer(1)[column] as string }),
    );
    expect((await imported(lines)).counts).toEqual({ CREATED: 0, UPDATED: 0, NOOP: 3507, FAILED: 0 });
  });

  it('succeed in a ring of 500 beside others, and are said to be one of more', async () => {
    gateway.directory.import(customers(1003).map(asRow), false);
    const lines = shuffled(rings('name', 500, 2, 501), random(1));
    const { counts, failed } = await imported(lines);
    expect(counts).toEqual(updated(502, { FAILED: 501 }));
    expect(failed.map(([line]) => line)).toEqual(failed.map(([line]) => line).toSorted((a = 0, b = 0) => a - b));
    expect(new Set(failed.map(([, reason]) => reason.replaceAll(/\d+ and \d+/g, '_')))).toEqual(
      new Set([
        'it waits for a value of another line, and that for another, in a ring of 501 lines, such as lines _: a request takes rings of up to 500',
      ]),
    );
  });

  it.each([
    ['forwards', (lines: Cells[]) => lines],
    ['backwards', (lines: Cells[]) => lines.toReversed()],
    ['in any order', (lines: Cells[]) => shuffled(lines, random(2))],
  ])('succeed in a chain as long as the file, %s', async (_, ordered) => {
    gateway.directory.import(customers(FAR).map(asRow), false);
    const chain = Array.from({ length: FAR }, (_, index) => ({ externalId: `c-${index}`, name: `Name ${index + 1}` }));
    const { counts } = await imported(ordered(chain));
    expect(counts).toEqual(updated(FAR));
  });

  it('succeed as far as they can be told apart for who may not read what others have', async () => {
    gateway.mayRead = false;
    gateway.directory.import(customers(FAR).map(asRow), false);
    const chain = Array.from({ length: FAR }, (_, index) => ({ externalId: `c-${index}`, name: `Name ${index + 1}` }));
    expect((await imported(chain)).counts).toEqual(updated(FAR));
    const said = vi.mocked(console.error).mock.calls.filter(([text]) => String(text).includes('could not be read'));
    expect(said).toHaveLength(1);
    expect((await imported([...rings('email', 300)])).counts).toEqual(updated(300));
  });

  it('fail with what they wait for, and say what another record has', async () => {
    gateway.directory.import(customers(600).map(asRow), false);
    gateway.directory.import([asRow({ externalId: 'held', name: 'Held' })], false);
    const lines = [
      { externalId: 'c-1', name: 'Name 2' },
      ...Array.from({ length: 500 }, (_, index) => ({ externalId: `c-${index + 50}`, description: '' })),
      { externalId: 'c-2', name: 'Held' },
      { externalId: 'c-3', name: 'bad' },
      { externalId: 'c-4', name: 'Name 3' },
    ];
    const { counts, failed } = await imported(lines);
    expect(counts).toEqual(updated(0, { NOOP: 500, FAILED: 4 }));
    expect(failed).toEqual([
      [2, 'The value given at name belongs to another record. (already_exists)'],
      [503, 'The value given at name belongs to another record. (already_exists)'],
      [504, 'name must not be bad. (validation_failed)'],
      [505, 'The value given at name belongs to another record. (already_exists)'],
    ]);
  });
});

describe('values that two lines give', () => {
  const filler = Array.from({ length: FAR }, (_, index) => ({ externalId: `f-${index}`, name: `F ${index}` }));

  it.each([
    ['external ids', { externalId: 'Dup-é', name: 'A' }, { externalId: 'Dup-e\u0301 ', name: 'B' }, 'externalId'],
    [
      'addresses',
      { externalId: 'a', name: 'A', email: 'Ann@x.example' },
      { name: 'B', email: 'ann@X.example' },
      'email.address',
    ],
    [
      'spellings of an address',
      { externalId: 'a', name: 'A', email: 'info@bücher.example' },
      { externalId: 'b', name: 'B', email: 'INFO@xn--bcher-kva.example' },
      'email.address',
    ],
    [
      'companies',
      { externalId: 'a', name: 'Ⅸ  Σας', kind: 'COMPANY' },
      { externalId: 'b', name: 'ⅸ σα\u200cσ', kind: 'company' },
      'name',
    ],
  ])('fail both where they are %s, and name each other', async (_, one: Cells, other: Cells, at) => {
    const { counts, failed } = await imported([one, ...filler, other]);
    expect(counts).toEqual({ CREATED: FAR, UPDATED: 0, NOOP: 0, FAILED: 2 });
    const said = (line: string) =>
      at === 'externalId' ? `names the same customer as ${line}` : `${at} is that of ${line}, too`;
    expect(failed).toEqual([
      [2, said(`line ${FAR + 3}`)],
      [FAR + 3, said('line 2')],
    ]);
    expect(gateway.imports.flatMap(({ names }) => names)).not.toContain(one.name);
  });

  it('are the same whatever else is wrong with their lines', async () => {
    const { failed } = await imported([
      { externalId: 'a', name: 'bad', email: 'a@x.example' },
      { externalId: 'a', name: 'A', email: 'no address' },
      { externalId: 'b', name: 'B', email: 'a@x.example', kind: 'robot' },
      { externalId: ' b ', name: 'C', email: 'a@x.example' },
      { name: 'D', email: 'A@x.example' },
    ]);
    expect(failed).toEqual([
      [2, 'names the same customer as line 3; email.address is that of lines 4, 5 and 6, too'],
      [3, 'email.address must be an e-mail address; names the same customer as line 2'],
      [
        4,
        'kind must be one of COMPANY, PERSON; names the same customer as line 5; email.address is that of lines 2, 5 and 6, too',
      ],
      [5, 'names the same customer as line 4; email.address is that of lines 2, 4 and 6, too'],
      [6, 'email.address is that of lines 2, 4 and 5, too'],
    ]);
  });

  it.each([
    ['first', (lines: Cells[]) => lines],
    ['last', (lines: Cells[]) => lines.toReversed()],
  ])(
    'are records that one line names by its external id, and another by the address it has: that one %s',
    async (_, ordered) => {
      gateway.directory.import(customers(3).map(asRow), false);
      const moved = { externalId: 'c-0', email: 'moved@x.example' };
      const others = [...filler, { name: 'Other', email: 'MAIL1@x.example' }, { name: 'New', email: 'new@x.example' }];
      const lines = ordered([{ name: 'Same', email: 'Mail0@x.example' }, ...others, moved]);
      const { counts, failed } = await imported(lines);
      expect(counts).toEqual({ CREATED: FAR + 1, UPDATED: 1, NOOP: 0, FAILED: 2 });
      expect(failed).toEqual([
        [2, `names the same customer as line ${FAR + 5}`],
        [FAR + 5, 'names the same customer as line 2'],
      ]);
      expect(gateway.directory.find({ externalId: 'c-0' })).toEqual({ ...asRow(customer(0)), kind: 'COMPANY' });
    },
  );

  it('are such records beside lines whose addresses are none', async () => {
    gateway.directory.import(customers(3).map(asRow), false);
    const moved = { externalId: 'c-0', email: 'moved@x.example' };
    const { failed } = await imported([
      moved,
      ...filler,
      { email: 'no address' },
      { name: 'Same', email: 'mail0@x.example' },
    ]);
    expect(failed.map(([line, reason]) => [line, reason.includes('names the same customer')])).toEqual([
      [2, true],
      [FAR + 4, true],
    ]);
    expect(gateway.directory.find({ externalId: 'c-0' })).toEqual({ ...asRow(customer(0)), kind: 'COMPANY' });
  });

  it('name a few of many', async () => {
    const { failed } = await imported(
      Array.from({ length: 600 }, (_, index) => ({ externalId: 'x', name: `N ${index}` })),
    );
    expect(failed).toHaveLength(600);
    expect(failed.at(-1)).toEqual([601, 'names the same customer as lines 2, 3, 4 and 596 more']);
  });

  it.each([
    ['two companies fail', {}, {}, 2],
    ['two persons do not', { kind: 'PERSON' }, { kind: 'PERSON' }, 0],
    ['a person and a company do not', { kind: 'PERSON' }, { kind: 'COMPANY' }, 0],
    ['one that does not say so is asked for', { kind: 'COMPANY' }, {}, 2],
  ])('are names: %s', async (_, one: Cells, other: Cells, fail) => {
    const [first, last] = [
      { externalId: 'a', name: 'Ann', ...one },
      { externalId: 'b', name: 'ANN', ...other },
    ];
    const { counts, failed } = await imported([first, ...filler, last]);
    expect(counts).toEqual({ CREATED: FAR + 2 - fail, UPDATED: 0, NOOP: 0, FAILED: fail });
    expect(failed.map(([line]) => line)).toEqual([2, FAR + 3].slice(0, fail));
    for (const [line, reason] of failed) expect(reason).toContain(`line ${line === 2 ? FAR + 3 : 2}, too`);
  });

  it('are names: persons who are there already may have them', async () => {
    gateway.directory.import(
      [0, 1].map((at) => ({ ...asRow(customer(at)), kind: 'PERSON' })),
      false,
    );
    const lines = [{ externalId: 'c-0', name: 'Ann' }, ...filler, { externalId: 'c-1', name: 'Ann' }];
    expect((await imported(lines)).counts).toEqual({ CREATED: FAR, UPDATED: 2, NOOP: 0, FAILED: 0 });
  });
});

describe('values of which only the hashes are equal', () => {
  it('are not taken for one', async () => {
    const count = 150_000;
    let readings = 0;
    async function* lines(): AsyncGenerator<Line> {
      readings += 1;
      for (let number = 2; number < count; number += 1) {
        const cells = new Map([
          ['externalId', `id ${number}`],
          ['email', `m${number}@x.example`],
        ]);
        yield { number, bytes: Buffer.alloc(0), cells, problem: null, end: 0 };
      }
    }
    const duplicates = await findDuplicates(
      'users',
      async () => lines(),
      async () => null,
    );
    // Some are equal, of so many: else it would not read again.
    expect(readings).toBe(2);
    for await (const { number, cells } of lines()) {
      const shared = duplicates(number, rowOf('users', cells ?? new Map()).row);
      if (shared.problems.length + shared.together.length > 0) throw new Error(`Line ${number} shares nothing`);
    }
  });
});

describe('a file of any kind', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'means one thing in any order of its lines (%i)',
    async (seed) => {
      const below = random(seed + 100);
      const count = seed % 6 === 0 ? 1500 : 650;
      const there = customers(count + 50);
      const lines = there.slice(0, count).map(({ externalId }, index): Cells => {
        const taken = customer(below(2) === 0 ? (index + 1 + below(3)) % (count + 10) : below(count + 50));
        const change = below(20);
        if (change === 0) return { externalId: externalId as string, name: `bad ${index}` };
        if (change < 8) return { externalId: externalId as string, name: taken.name as string };
        if (change < 14) return { externalId: externalId as string, email: taken.email as string };
        return { externalId: externalId as string, name: `New ${index}`, email: `new${index}@x.example` };
      });
      // What all rows come to when one call takes all of them. Two with one value fail by themselves, whatever else they are.
      const given = lines.flatMap(({ name, email }) => [name, email]).filter((value) => value !== undefined);
      const repeated = new Set(given.filter((value, at) => given.indexOf(value) !== at));
      const unique = lines.filter(({ name = '', email = '' }) => !repeated.has(name) && !repeated.has(email));
      const oracle = new FakeDirectory();
      oracle.import(there.map(asRow), false);
      const expected = oracle.import(unique.map(asRow), false);
      gateway.directory.import(there.map(asRow), false);
      const { counts } = await imported(shuffled(lines, below));
      expect([...gateway.directory.records.values()]).toEqual([...oracle.records.values()]);
      expect(counts.UPDATED).toBe(expected.filter(({ outcome }) => outcome === 'UPDATED').length);
      expect(counts.FAILED).toBe(lines.length - counts.UPDATED - counts.NOOP);
    },
  );
});

describe('a dry run', () => {
  it('says of each line what would happen, and writes nothing', async () => {
    gateway.directory.import(customers(3).map(asRow), false);
    const before = structuredClone([...gateway.directory.records]);
    const { counts, failed, dryRun } = await imported(
      [
        { externalId: 'c-0', name: 'Name 1' },
        { externalId: 'c-1', name: 'Name 0', email: '=1+1@x.example' },
        customer(2),
        { externalId: 'new', name: 'New', kind: 'COMPANY' },
        { externalId: 'other', name: 'bad one' },
        { externalId: 'more', name: 'NEW', kind: 'COMPANY' },
      ],
      { isDry: true },
    );
    expect([...gateway.directory.records]).toEqual(before);
    expect(gateway.imports.every(({ isDry }) => isDry)).toBe(true);
    expect(failed).toEqual([]);
    expect(counts).toEqual({ CREATED: 0, UPDATED: 2, NOOP: 1, FAILED: 3 });
    expect(dryRun).toBe(
      [
        '\uFEFFline,outcome,changes,error',
        '2,UPDATED,name,',
        '3,UPDATED,name email,',
        '4,NOOP,,',
        '5,FAILED,,"name is that of line 7, too"',
        '6,FAILED,,"name must not be bad. (validation_failed)"',
        '7,FAILED,,"name is that of line 5, too"',
        '',
      ].join('\r\n'),
    );
  });
});
