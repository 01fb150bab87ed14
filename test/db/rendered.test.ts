import { alias, SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import { describe, expect, it } from 'vitest';
import { inAdvance, rendered, renderedOnce } from '../../src/db/rendered.ts';
import { customers } from '../../src/db/schema/customers.ts';
import { tenants } from '../../src/db/schema/tenants.ts';
import { sql } from '../../src/db/sql.ts';
import { differs, inList, insertWhen, select, update } from '../../src/db/statement.ts';

const scanned = alias(customers, 'scanned');
const values = { name: 'A', labels: ['b', 'c'], emailVerified: true, createdAt: new Date(5), email: null };

/** One of each kind of what statements are made of. */
const STATEMENTS = {
  'text alone': sql`SELECT 1`,
  'nothing at all': sql``,
  'what is raw, a quote in a name': sql`${sql.raw('SELECT 1')} AS ${sql.identifier('a"b')}`,
  'tables, columns, aliases': sql`SELECT ${customers.nameKey}, ${scanned.nameKey} FROM ${customers}, ${scanned}, ${tenants}`,
  'values of every kind': sql`SELECT ${'a'}, ${1}, ${null}, ${true}, ${undefined}`,
  'values that a column encodes': sql`SELECT ${sql.param(new Date(7), customers.createdAt)}, ${sql.param(null, customers.labels)}`,
  'statements in statements': sql`${sql`${'a'} ${sql`${'b'}`}`} ${sql.join([sql`${'c'}`, sql`${'d'}`], sql`, `)}`,
  selection: select({ id: customers.id, one: sql`${1}` }, sql`FROM customer`).sql,
  insert: insertWhen(customers, values, sql`TRUE`),
  update: update(customers, { ...values, version: sql`version + ${1}` }, inList(customers.id, ['a'])),
  difference: differs(customers, values),
};

describe('a rendered statement', () => {
  for (const [name, statement] of Object.entries(STATEMENTS)) {
    it(`is what Drizzle renders: ${name}`, () => {
      const { sql: text, params: bound } = new SQLiteAsyncDialect().sqlToQuery(statement);
      expect(rendered(statement)).toEqual({ text, bound });
      expect(rendered(renderedOnce(statement))).toEqual({ text, bound });
    });
  }

  it('binds each value once where D1 would not take all of them', () => {
    const part = sql.join(
      Array.from({ length: 60 }, (_, at) => sql`${at} ${String(at)}`),
      sql`, `,
    );
    const { text, bound } = rendered(sql`${inAdvance(part).part}; ${part}`);
    const again = Array.from({ length: 60 }, (_, at) => `?${2 * at + 1} ?${2 * at + 2}`).join(', ');
    expect(text).toBe(`${again.replaceAll(/\d+/g, '')}; ${again}`);
    expect(bound).toEqual(Array.from({ length: 60 }, (_, at) => [at, String(at)]).flat());
  });

  it('binds a text once that comes several times', () => {
    const part = inAdvance(sql`${'id'} ${2} ${'other'}`).part;
    const { text, bound } = rendered(sql`${'id'} ${2} ${part} ${null} ${'other'} ${null} ${'id'}`);
    expect(text).toBe('? ? ?1 ? ? ? ?4 ? ?1');
    expect(bound).toEqual(['id', 2, 2, 'other', null, null]);
  });

  it('is made of nothing else', () => {
    for (const part of [['a', 2], sql`1`.as('one'), new Date(5)]) expect(() => rendered(sql`SELECT ${part}`)).toThrow();
  });

  it('is only text from then on where it is rendered once, unless it binds a value', () => {
    const binding = sql`SELECT ${1}`;
    expect(renderedOnce(binding)).toBe(binding);
    expect(renderedOnce(sql`SELECT ${customers.id}`).queryChunks).toHaveLength(1);
  });
});
