import { env } from 'cloudflare:workers';
import { getTableColumns, getTableName, is, Table } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { Database } from '../../src/db/client.ts';
import { customers } from '../../src/db/schema/customers.ts';
import { tenants } from '../../src/db/schema/tenants.ts';
import { sql } from '../../src/db/sql.ts';
import { select } from '../../src/db/statement.ts';

const modules = import.meta.glob<Record<string, unknown>>('../../src/db/schema/*.ts', { eager: true });
const tables = Object.values(modules).flatMap((module) => Object.values(module).filter((value) => is(value, Table)));

describe('a statement', () => {
  it('keeps apart columns of the same name in a join', async () => {
    const joined = select(
      { tenantName: tenants.name, customerName: customers.name },
      sql`FROM (SELECT 'of the tenant' AS name) tenant, (SELECT 'of the customer' AS name) customer`,
    );
    const { rows } = await new Database(env.DB).batch({ rows: joined });
    expect(rows).toEqual([{ tenantName: 'of the tenant', customerName: 'of the customer' }]);
  });

  it('has its rows under its name, in whatever place it runs, and a list of statements a list of rows', async () => {
    const number = (value: number) => select({ value: sql<number>`${value}` }, sql``);
    const db = new Database(env.DB);
    for (const results of [
      await db.batch({ first: number(1), none: [], several: [number(2), number(3)], last: number(4) }),
      await db.reads({ first: number(1), none: [], several: [number(2), number(3)], last: number(4) }),
    ]) {
      expect(results).toEqual({
        first: [{ value: 1 }],
        none: [],
        several: [[{ value: 2 }], [{ value: 3 }]],
        last: [{ value: 4 }],
      });
    }
  });

  it('throws when D1 answers a row with fewer columns than were selected', () => {
    const { decode } = select({ id: tenants.id, name: tenants.name }, sql`FROM tenant`);
    expect(() => decode({ id: '1' })).toThrow('without the column name');
  });
});

describe('the tables of src/db/schema', () => {
  it('are those of the migrations', async () => {
    // But for indexes of search: virtual tables, and the shadow tables that they are kept in.
    const { results } = await env.DB.prepare(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
        AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name NOT GLOB 'd1_*'`,
    ).all<{ name: string }>();
    expect(tables.map(getTableName).sort()).toEqual(results.map(({ name }) => name).sort());
  });

  for (const table of tables) {
    it(`${getTableName(table)} has the columns of its migration`, async () => {
      const { results } = await env.DB.prepare(`PRAGMA table_xinfo("${getTableName(table)}")`).all<{
        name: string;
        type: string;
        notnull: number;
        pk: number;
      }>();
      const migrated = results.map(
        ({ name, type, notnull, pk }) => `${name} ${type} ${notnull || pk ? 'NOT NULL' : ''}`,
      );
      const declared = Object.values(getTableColumns(table)).map(
        (column) =>
          `${column.name} ${column.getSQLType().toUpperCase()} ${column.notNull || column.primary ? 'NOT NULL' : ''}`,
      );
      expect(declared.sort()).toEqual(migrated.sort());
    });
  }

  it('have an index for every foreign key', async () => {
    for (const table of tables) {
      const name = getTableName(table);
      const keys = await env.DB.prepare(`PRAGMA foreign_key_list("${name}")`).all<{ from: string; seq: number }>();
      const indexes =
        await env.DB.prepare(`SELECT i.name, (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) AS first
        FROM pragma_index_list(?) i`)
          .bind(name)
          .all<{ first: string }>();
      for (const { from, seq } of keys.results) {
        if (seq > 0) continue;
        expect(
          indexes.results.map(({ first }) => first),
          `${name}.${from}`,
        ).toContain(from);
      }
    }
  });
});
