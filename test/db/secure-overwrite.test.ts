import { getTableColumns, getTableName } from 'drizzle-orm';
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import { describe, expect, it } from 'vitest';
import { customers } from '../../src/db/schema/customers.ts';
import { dataSources } from '../../src/db/schema/data-sources.ts';
import { tenants } from '../../src/db/schema/tenants.ts';
import { users } from '../../src/db/schema/users.ts';
import { overwritten } from '../../src/directory/commands/secure-overwrite.ts';

const dialect = new SQLiteAsyncDialect();

/** Ids say nothing by themselves, and neither do columns of few values. */
const isNobodys = ({ name, enumValues }: { name: string; enumValues?: readonly string[] | undefined }): boolean =>
  /^id$|_id$/.test(name) || (enumValues?.length ?? 0) > 0;

describe('what is erased', () => {
  it.each([customers, tenants, users, dataSources].map((table) => [getTableName(table), table] as const))(
    'of %s has every text overwritten before it goes',
    (_, table) => {
      const set = [...dialect.sqlToQuery(overwritten(table)).sql.matchAll(/(?:^|, )"(\w+)" = /g)].map(
        ([, name]) => name,
      );
      const texts = Object.values(getTableColumns(table)).filter(
        (column) => column.getSQLType() === 'text' && column.generated === undefined && !isNobodys(column),
      );
      expect(texts.length).toBeGreaterThan(1);
      expect(texts.map(({ name }) => name).filter((name) => !set.includes(name))).toEqual([]);
    },
  );
});
