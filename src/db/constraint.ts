import { type Column, getTableName } from 'drizzle-orm';

/**
 * Returns the columns of the UNIQUE index that a write broke, in the order of the index and as SQLite names them:
 * `['role.scope', 'role.name_key']`. Returns null for any other failure.
 */
export function violatedUniqueColumns(error: unknown): string[] | null {
  if (!(error instanceof Error)) return null;
  const match = /UNIQUE constraint failed: (\w+\.\w+(?:, \w+\.\w+)*)/.exec(error.message);
  return match?.[1]?.split(', ') ?? null;
}

/** Whether the error says that a write broke the UNIQUE index on exactly these columns, in the order of the index. */
export function violatesUnique(error: unknown, columns: readonly Column[]): boolean {
  const violated = violatedUniqueColumns(error);
  return violated !== null && violated.join() === columns.map(qualifiedName).join();
}

const qualifiedName = (column: Column): string => `${getTableName(column.table)}.${column.name}`;

/** Returns whether SQLite itself refused a statement. Then nothing of its batch was kept. */
export const isRefusedBySqlite = (error: unknown): boolean => error instanceof Error && /\bSQLITE_/.test(error.message);
