import { describe, expect, it } from 'vitest';
import { Dice } from '../../shared/dice.ts';
import { eventsAbout, unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { type Imported, imported, outcomes } from './imported.ts';

/* A file of people is judged on what it leads to: in which order its lines stand, and who had a value before, does not matter. */

/** A record as a case speaks of it: a short external id with the values that must be unique. */
interface Person {
  email?: string | null;
  name?: string;
  kind?: string;
}
type World = Record<string, Person>;

/** A kind of records with unique values, in a world of its own: the words of a case are made unique by `of`. */
interface Kind {
  kind: 'Customers' | 'Users';
  row(id: string, person: Person, of: (word: string) => string): Variables;
  /** Adds what a new record cannot do without. */
  complete(id: string, person: Person): Person;
  stored(ids: readonly string[], of: (word: string) => string): Promise<World>;
}

const wordOf = (value: string | null | undefined, of: (word: string) => string) =>
  value == null ? value : value.slice(of('').length).replace('@x.example', '');

async function read(field: 'customer' | 'user', fields: string, ids: readonly string[], of: (word: string) => string) {
  const aliases = ids.map((id) => `${id}: ${field}By(identifier: { externalId: "${of(id)}" }) { ${fields} }`);
  const { data, text } = await ask(`{ ${aliases.join(' ')} }`);
  expect(data, text).not.toBeNull();
  return Object.entries(data as Record<string, Variables | null>).filter((entry) => entry[1] !== null) as [
    string,
    // biome-ignore lint/suspicious/noExplicitAny: fields of either kind
    any,
  ][];
}

const CUSTOMERS: Kind = {
  kind: 'Customers',
  row: (id, { email, name, kind }, of) => ({
    externalId: of(id),
    kind,
    ...(email !== undefined && { email: email && { address: `${of(email)}@x.example` } }),
    ...(name !== undefined && { name: of(name) }),
  }),
  complete: (id, person) => ({ name: `own${id}`, kind: 'COMPANY', email: null, ...person }),
  async stored(ids, of) {
    const found = await read('customer', 'name kind email { address }', ids, of);
    return Object.fromEntries(
      found.map(([id, { name, kind, email }]) => [
        id,
        { name: wordOf(name, of) as string, kind, email: wordOf(email?.address ?? null, of) as string | null },
      ]),
    );
  },
};

const USERS: Kind = {
  kind: 'Users',
  row: (id, { email }, of) => ({
    externalId: of(id),
    ...(email != null && { email: `${of(email)}@x.example` }),
    ...(id.startsWith('new') && { roleIdentifier: { name: 'viewer' } }),
  }),
  complete: (id, person) => ({ email: `own${id}`, ...person }),
  async stored(ids, of) {
    const found = await read('user', 'email', ids, of);
    return Object.fromEntries(found.map(([id, { email }]) => [id, { email: wordOf(email, of) as string }]));
  },
};

/** Makes records with these values, and returns what makes words unique. */
async function newWorld({ kind, row, complete }: Kind, world: World) {
  const prefix = unique('w');
  const of = (word: string) => `${prefix}-${word}`;
  const made = Object.entries(world).map(([id, person]) => ({
    ...row(id, complete(id, person), of),
    ...(kind === 'Users' && { roleIdentifier: { name: 'viewer' } }),
  }));
  const { rows } = await imported(kind, made);
  expect(new Set(outcomes(rows)), JSON.stringify(rows)).toEqual(new Set(['CREATED']));
  return { of, ids: rows.map(({ id }) => id ?? '') };
}

/** What moves, as rows over the world before: each succeeds, in whatever order. */
const MOVES: [what: string, kind: Kind, before: World, rows: World][] = [
  ...[CUSTOMERS, USERS].flatMap((kind): [string, Kind, World, World][] => [
    ['a swap of addresses', kind, { a: { email: 'x' }, b: { email: 'y' } }, { a: { email: 'y' }, b: { email: 'x' } }],
    [
      'a chain of addresses',
      kind,
      { a: { email: 'x' }, b: { email: 'y' }, c: { email: 'z' } },
      { a: { email: 'y' }, b: { email: 'z' }, c: { email: 'free' } },
    ],
    [
      'a ring of addresses',
      kind,
      { a: { email: 'x' }, b: { email: 'y' }, c: { email: 'z' }, d: { email: 'w' } },
      { a: { email: 'y' }, b: { email: 'z' }, c: { email: 'w' }, d: { email: 'x' } },
    ],
    [
      'an address for a new one, in other letters',
      kind,
      { a: { email: 'x' } },
      { newA: { email: 'X' }, a: { email: 'free' } },
    ],
    [
      'a swap beside a chain, and one who stays',
      kind,
      { a: { email: 'x' }, b: { email: 'y' }, c: { email: 'z' }, d: { email: 'w' } },
      { a: { email: 'y' }, b: { email: 'x' }, newA: { email: 'z' }, c: { email: 'free' }, d: { email: 'w' } },
    ],
  ]),
  ['a swap of names', CUSTOMERS, { a: { name: 'X' }, b: { name: 'Y' } }, { a: { name: 'Y' }, b: { name: 'X' } }],
  [
    'a ring of names and one of addresses the other way',
    CUSTOMERS,
    { a: { name: 'X', email: 'x' }, b: { name: 'Y', email: 'y' }, c: { name: 'Z', email: 'z' } },
    { a: { name: 'Y', email: 'z' }, b: { name: 'Z', email: 'x' }, c: { name: 'X', email: 'y' } },
  ],
  ['an address that is cleared', CUSTOMERS, { a: { email: 'x' } }, { newA: { email: 'x' }, a: { email: null } }],
  [
    'the name of a company that becomes a person',
    CUSTOMERS,
    { a: { name: 'X' }, b: { name: 'Y' } },
    { a: { kind: 'PERSON' }, b: { name: 'X' }, newA: { name: 'Y' } },
  ],
  [
    'the name of a person who becomes a company',
    CUSTOMERS,
    { a: { name: 'X' }, b: { name: 'X', kind: 'PERSON' } },
    { a: { name: 'free' }, b: { kind: 'COMPANY' } },
  ],
  ['a name in other letters', CUSTOMERS, { a: { name: 'X' } }, { a: { name: 'x' } }],
];

describe('values that move between the records of an import', () => {
  it.each(MOVES)('%s', async (_, kind, before, rows) => {
    const given = Object.entries(rows);
    for (const order of [given, given.toReversed()]) {
      const { of } = await newWorld(kind, before);
      const sent = order.map(([id, person]) =>
        kind.row(id, id.startsWith('new') ? kind.complete(id, person) : person, of),
      );
      const { rows: answered, calls } = await imported(kind.kind, sent);
      expect(outcomes(answered), JSON.stringify(answered)).not.toContain('FAILED');
      expect(calls).toBe(2);
      const ids = [...new Set([...Object.keys(before), ...Object.keys(rows)])];
      const expected = ids.map((id) => [id, { ...kind.complete(id, before[id] ?? {}), ...rows[id] }]);
      expect(await kind.stored(ids, of)).toEqual(Object.fromEntries(expected));
      const again = await imported(kind.kind, sent);
      expect(new Set(outcomes(again.rows))).toEqual(new Set(['NOOP']));
    }
  });

  it('of 500 rows in one ring succeed in one call, each with one event, and are found by what they have now', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `c${index}`);
    const { of, ids: made } = await newWorld(CUSTOMERS, Object.fromEntries(ids.map((id) => [id, { name: `n${id}` }])));
    const next = (index: number) => `n${ids[(index + 1) % ids.length]}`;
    const { rows } = await imported(
      'Customers',
      ids.map((id, index) => ({ externalId: of(id), name: of(next(index)) })),
    );
    expect(new Set(outcomes(rows))).toEqual(new Set(['UPDATED']));
    expect(await CUSTOMERS.stored(['c0', 'c7', 'c499'], of)).toMatchObject({
      c0: { name: 'nc1' },
      c7: { name: 'nc8' },
      c499: { name: 'nc0' },
    });
    expect(await eventsAbout(made[7] ?? '')).toEqual(['customer.created', 'customer.updated']);
    const { data } = await ask('query($s: String!) { customers(filter: { search: $s }) { nodes { externalId } } }', {
      s: of('nc499'),
    });
    expect(data.customers.nodes).toEqual([{ externalId: of('c498') }]);
  });
});

describe('a value that two rows of an import would both end with', () => {
  it.each([CUSTOMERS, USERS])(
    'fails both of $kind, also where one of them has it already, and says so of both',
    async (kind) => {
      for (const isFirst of [true, false]) {
        const { of } = await newWorld(kind, { a: { email: 'x' }, b: { email: 'y' } });
        const [owner, taker] = [kind.row('a', { email: 'x' }, of), kind.row('b', { email: 'x' }, of)];
        const { rows } = await imported(kind.kind, isFirst ? [owner, taker] : [taker, owner], 'SKIP_FAILED');
        expect(rows.map(({ errors }) => errors.map(({ message }) => message))).toEqual([
          [expect.stringMatching(/^The value given at rows\.0\.email\S* is that of rows\.1, too\.$/)],
          [expect.stringMatching(/^The value given at rows\.1\.email\S* is that of rows\.0, too\.$/)],
        ]);
        expect(await kind.stored(['a', 'b'], of)).toMatchObject({ a: { email: 'x' }, b: { email: 'y' } });
      }
    },
  );
});

const SEED = 17;
const ROUNDS = 12;

describe('whatever rows an import has', () => {
  it.each([CUSTOMERS, USERS])(
    'of $kind come to the same in each order, and fail for what is true at the end',
    async (kind) => {
      const dice = new Dice(SEED);
      let failed = 0;
      let moved = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const seed = dice.seed;
        const ids = ['a', 'b', 'c', 'd', 'e'];
        const value = () => dice.one(['x', 'y', 'z', 'w', 'v', 'u', 't']);
        const before = Object.fromEntries(
          ids.map((id, index) => [id, { email: 'xyzwv'[index] as string, name: `N${'xyzwv'[index]}` }]),
        );
        const { of } = await newWorld(kind, before);
        const some = [...ids, 'newA', 'newB'].filter(() => dice.happens(70));
        const rows: World = Object.fromEntries(
          some.map((id) => {
            const person: Person = {
              ...(dice.happens(70) && { email: value() }),
              ...(dice.happens(50) && { name: `N${value()}` }),
              ...(dice.happens(15) && { kind: dice.one(['PERSON', 'COMPANY']) }),
            };
            return [id, id.startsWith('new') ? kind.complete(id, person) : person];
          }),
        );
        const sent = Object.entries(rows).map(([id, person]) => kind.row(id, person, of));
        if (sent.length === 0) continue;
        const shuffled = sent.toSorted(() => dice.below(3) - 1);
        const outcomeOf = (given: readonly Variables[], answered: readonly Imported[]) =>
          Object.fromEntries(given.map(({ externalId }, index) => [String(externalId), answered[index]?.outcome]));
        const say = `seed ${seed}: ${JSON.stringify(rows)}`;

        const foreseen = await imported(kind.kind, shuffled, 'REJECT_ALL', undefined, true);
        const { rows: answered } = await imported(kind.kind, sent, 'SKIP_FAILED');
        expect(outcomeOf(sent, answered), say).toEqual(outcomeOf(shuffled, foreseen.rows));

        const all = [...ids, 'newA', 'newB'];
        const stored = await kind.stored(all, of);
        const outcome = outcomeOf(sent, answered);
        const left = all.flatMap((id) => {
          const there = id in before ? [kind.complete(id, before[id] as Person)] : [];
          const done = id in rows && outcome[of(id)] !== 'FAILED' ? [rows[id]] : [];
          if (there.length + done.length === 0) return [];
          const { email, ...rest } = Object.assign({}, ...there, ...done);
          return [[id, kind === USERS ? { email } : { email: email ?? null, ...rest }]];
        });
        expect(stored, say).toEqual(Object.fromEntries(left));

        for (const [index, { outcome, errors }] of answered.entries()) {
          if (outcome === 'UPDATED' || outcome === 'CREATED') moved += 1;
          if (outcome !== 'FAILED') continue;
          failed += 1;
          const id = Object.keys(rows)[index] as string;
          for (const { code, path, message } of errors) {
            expect(code, say).toBe('already_exists');
            expect(path.startsWith(`rows.${index}.`), say).toBe(true);
            const field = path.includes('email') ? 'email' : 'name';
            const wanted = { ...before[id], ...rows[id] }[field as 'email' | 'name']?.toLowerCase();
            const other = /(?:that of|that) rows\.(\d+)(?:,| names)/.exec(message)?.[1];
            const others = Object.entries(stored).filter(
              ([holder, person]) => holder !== id && person[field as 'email' | 'name']?.toLowerCase() === wanted,
            );
            if (other === undefined) expect(others, `${say} ${message}`).not.toEqual([]);
            else {
              const [otherId = '', given = {}] = Object.entries(rows)[Number(other)] ?? [];
              const [has, would] = [stored[otherId] ?? {}, { ...before[otherId], ...given }];
              const values = [has, would].map((one) => one[field as 'email' | 'name']?.toLowerCase());
              expect(values, `${say} ${message}`).toContain(wanted);
            }
          }
        }
      }
      expect([failed > 0, moved > 0]).toEqual([true, true]);
    },
  );

  it('fails for one that another relied on, and says so; of two that would both end with a value, both', async () => {
    const { of } = await newWorld(CUSTOMERS, {
      a: { name: 'X', email: 'x' },
      b: { name: 'Y', email: 'y' },
      c: { name: 'Z', email: 'z' },
      d: { name: 'W' },
    });
    const row = (id: string, person: Person) => CUSTOMERS.row(id, person, of);
    const { rows } = await imported(
      'Customers',
      [
        row('a', { name: 'Y' }),
        row('b', { name: 'Z' }),
        row('c', { name: 'W' }),
        row('newA', { name: 'V' }),
        row('newB', { name: 'v', email: 'free' }),
        row('newC', { name: 'other' }),
      ],
      'SKIP_FAILED',
    );
    const said = rows.map(({ errors }) => errors.map(({ message }) => message.replaceAll('The value given at ', '')));
    const stays = (at: number) =>
      `rows.${at - 1}.name belongs to the record that rows.${at} names, and stays with it, because rows.${at} fails.`;
    expect(said).toEqual([
      [stays(1)],
      [stays(2)],
      ['rows.2.name belongs to another record.'],
      ['rows.3.name is that of rows.4, too.'],
      ['rows.4.name is that of rows.3, too.'],
      [],
    ]);
  });
});
