import { beforeAll, describe, expect, it } from 'vitest';
import { folded } from '../../../src/directory/kernel/folding.ts';
import { newCustomer, newKey, newTenant, type Result, succeed, unique } from '../../shared/fixtures.ts';
import { type Answer, ask, ROOT_KEY, type Variables } from '../../shared/gateway.ts';
import names from './names.tsv?raw';

/** What a test file writes by its code point, because nobody could see it, or see it apart. */
const ESCAPED = /\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|\\\\/g;
const unescaped = (text: string) =>
  text.replace(ESCAPED, (_, short?: string, long?: string) =>
    short || long ? String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)) : '\\',
  );

/** The lines of a table without its head, cell by cell. */
const linesOf = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').map(unescaped));

describe('names from many scripts', () => {
  const NAMES = linesOf(names).map(([name = '', found = '', not = ''], at) => ({
    name,
    found,
    not,
    externalId: `name-${String(at).padStart(3, '0')}`,
  }));
  type Named = (typeof NAMES)[number];
  const all = NAMES.map(({ name }) => name);
  let home: Result;
  let key: string;

  const row = ({ name, externalId }: Named) => ({
    kind: 'PERSON',
    name,
    externalId,
    tenantIdentifiers: [{ id: home.id }],
  });
  const hundreds = Array.from({ length: Math.ceil(NAMES.length / 100) }, (_, at) =>
    NAMES.slice(at * 100, at * 100 + 100),
  );

  async function imported(rows: readonly Named[]): Promise<string[]> {
    const given = { rows: rows.map(row) };
    const result = await succeed('importCustomers', 'rows { outcome errors { message } }', given);
    return result.rows.map(
      ({ outcome, errors }: Result) => outcome + errors.map(({ message }: Result) => message).join(),
    );
  }

  beforeAll(async () => {
    home = await newTenant({ name: unique('Home') });
    key = (await newKey({ tenants: [home.id] })).secret;
  });

  it('are created and imported, kept as they are, and found in no way changed by another import', async () => {
    expect(new Set(all).size).toBeGreaterThanOrEqual(200);
    const [first = [], ...rest] = hundreds;
    for (const named of first) await newCustomer(row(named));
    for (const rows of rest) expect(new Set(await imported(rows))).toEqual(new Set(['CREATED']));
    for (const rows of hundreds) expect(new Set(await imported(rows))).toEqual(new Set(['NOOP']));
    expect(await pages({ first: 100 }, 'CREATED_AT')).toEqual(all);
  });

  /** All names of the list, page by page; backward they come from the end. */
  async function pages(
    size: { first: number } | { last: number },
    field: string,
    direction = 'ASC',
  ): Promise<string[]> {
    const document = `query($first: Int, $last: Int, $after: String, $before: String, $orderBy: RecordOrder) {
      customers(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy) {
        nodes { name } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`;
    let found: string[] = [];
    for (let cursor: Variables | null = {}; cursor !== null; ) {
      const variables: Variables = { ...size, ...cursor, orderBy: { field, direction } };
      const { data, text }: Answer = await ask(document, variables, key);
      expect(data, text).toBeTruthy();
      const { nodes, pageInfo } = data.customers;
      const page = nodes.map(({ name }: Result) => name);
      found = 'last' in size ? [...page, ...found] : [...found, ...page];
      const more = 'last' in size ? pageInfo.hasPreviousPage : pageInfo.hasNextPage;
      if (!more) cursor = null;
      else cursor = 'last' in size ? { before: pageInfo.startCursor } : { after: pageInfo.endCursor };
    }
    return found;
  }

  /** The names that are found by each of these searches, as these keys see them. */
  async function foundBy(searches: readonly string[], keys: readonly string[]): Promise<string[][]> {
    const found: string[][] = [];
    for (let at = 0; at < searches.length; at += 25) {
      const some = searches.slice(at, at + 25);
      const lists = some.map((_, n) => `f${n}: customers(first: 100, filter: { search: $s${n} }) { nodes { name } }`);
      const document = `query(${some.map((_, n) => `$s${n}: String!`).join(' ')}) { ${lists.join(' ')} }`;
      const variables = Object.fromEntries(some.map((search, n) => [`s${n}`, search]));
      const answers = await Promise.all(keys.map((each) => ask(document, variables, each)));
      for (const { data, text } of answers) expect(data, text).toEqual(answers[0]?.data);
      found.push(...Object.values<Result>(answers[0]?.data).map(({ nodes }) => nodes.map(({ name }: Result) => name)));
    }
    return found;
  }

  const reversed = (text: string) => text.split(' ').reverse().join(' ');

  it('are found by a term and by all of their words in any order, and not by another', async () => {
    const searches = NAMES.flatMap(({ name, found, not }) => [found, reversed(found), name, reversed(name), not]);
    const found = await foundBy(searches, [ROOT_KEY, key]);
    for (const [at, { name }] of NAMES.entries()) {
      const isFound = searches
        .slice(at * 5, at * 5 + 5)
        .map((search, n) => [search, found[at * 5 + n]?.includes(name)]);
      const [, , , , [not] = []] = isFound;
      expect(isFound, name).toEqual([
        ...searches.slice(at * 5, at * 5 + 4).map((search) => [search, true]),
        [not, false],
      ]);
    }
  });

  it('are found by what they begin with and have in them, whatever the case', async () => {
    const document = `query($name: String!, $upper: String!) {
      a: customers(filter: { name: $name }) { nodes { name } }
      b: customers(filter: { nameStartsWith: $upper }) { nodes { name } }
      c: customers(filter: { nameContains: $upper }) { nodes { name } } }`;
    for (const { name } of NAMES) {
      const upper = name.normalize('NFD').toLowerCase();
      const { data, text } = await ask(document, { name: upper, upper }, key);
      for (const list of Object.values<Result>(data)) expect(list.nodes, text).toContainEqual({ name });
    }
  });

  it('are sorted as they are folded, forward and backward, page by page', async () => {
    const encoder = new TextEncoder();
    const hex = (name: string) =>
      [...encoder.encode(folded(name))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const keys = new Map(all.map((name) => [name, hex(name)]));
    const sorted = all.toSorted((a, b) => {
      const [one, other] = [keys.get(a) ?? '', keys.get(b) ?? ''];
      if (one === other) return all.indexOf(a) - all.indexOf(b);
      return one < other ? -1 : 1;
    });
    expect(await pages({ first: 37 }, 'NAME')).toEqual(sorted);
    expect(await pages({ last: 41 }, 'NAME')).toEqual(sorted);
    expect(await pages({ first: 100 }, 'NAME', 'DESC')).toEqual(sorted.toReversed());
    expect(await pages({ last: 100 }, 'NAME', 'DESC')).toEqual(sorted.toReversed());
    const some = [
      'apple',
      'Apple',
      'Ápple Übung',
      'Éclair Bakery',
      'Straßenbau Nord',
      'Zebra Crossing',
      'Ёлка и Ель',
      'Йод и Ко',
    ];
    expect(sorted.filter((name) => some.includes(name))).toEqual(some);
  });
});
