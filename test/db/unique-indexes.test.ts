import { env } from 'cloudflare:workers';
import { getTableName, is, Table } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { violatedUniqueColumns, violatesUnique } from '../../src/db/constraint.ts';
import { roles } from '../../src/db/schema/roles.ts';
import { columnOf } from '../../src/db/statement.ts';
import type { UniquelyIndexed } from '../../src/directory/commands/unique-values.ts';

const modules = import.meta.glob<Record<string, unknown>>('../../src/directory/**/*.ts', { eager: true });

type Declared = Pick<UniquelyIndexed, 'table' | 'unique'>;

const isDeclared = (value: unknown): value is Declared =>
  typeof value === 'object' && value !== null && 'unique' in value && 'table' in value && is(value.table, Table);

/** Every entity that says which unique indexes its table has, found by its shape. */
const declared = Object.values(modules).flatMap((module) => Object.values(module).filter(isDeclared));

/** The columns of the unique indexes that the migrations create on a table, but for those of keys. */
async function migratedIndexes(table: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`PRAGMA index_list("${table}")`).all<{
    name: string;
    unique: number;
    origin: string;
  }>();
  const created = results.filter(({ unique, origin }) => unique === 1 && origin === 'c');
  return Promise.all(
    created.map(async ({ name }) => {
      const { results: columns } = await env.DB.prepare(`PRAGMA index_info("${name}")`).all<{ name: string }>();
      return columns.map((column) => column.name).join(', ');
    }),
  );
}

it('entities with unique values are found', () => {
  const tables = declared.map(({ table }) => getTableName(table));
  expect(tables).toEqual(expect.arrayContaining(['user', 'role', 'data_source']));
});

for (const { table, unique } of declared) {
  it(`${getTableName(table)} declares the unique indexes of its migrations, column by column`, async () => {
    const indexes = unique.map(({ columns }) => columns.map((key) => columnOf(table, key).name).join(', '));
    expect(indexes.sort()).toEqual((await migratedIndexes(getTableName(table))).sort());
  });
}

it('a broken index is told by all of its columns', async () => {
  const insert = (id: string) =>
    env.DB.prepare(
      `INSERT INTO role (id, scope, name, name_key, level, built_in) VALUES (?, 'TENANT', 'Twin', 'twin', 0, 0)`,
    ).bind(id);
  await insert('r1').run();
  const error = await insert('r2')
    .run()
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  expect(violatedUniqueColumns(error)).toEqual(['role.scope', 'role.name_key']);
  expect(violatesUnique(error, [roles.scope, roles.nameKey])).toBe(true);
  expect(violatesUnique(error, [roles.scope])).toBe(false);
  expect(violatesUnique(error, [roles.scope, roles.name])).toBe(false);
  expect(violatesUnique(new Error('UNIQUE'), [])).toBe(false);
});
