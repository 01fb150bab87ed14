import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { Statement } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Entity } from '../commands/entity.ts';
import type { DirectoryError } from '../kernel/errors.ts';
import { choice, flag, otherwise } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import type { Found, LookupRow } from './lookup.ts';
import type { ImportRules } from './rules.ts';
import type { StoredColumns } from './stored-columns.ts';
import type { UniqueValue } from './taken-values.ts';
import type { ImportedRecord, RelationWrites, StoredRecord } from './writes.ts';

/** How many rows an import may have. */
export const MAX_IMPORT_ROWS = 500;

/** How many tenants all rows of an import may name: one statement looks all of them up. */
export const MAX_NAMED_TENANTS = 5000;

const namedTenants = (rows: readonly unknown[]): number =>
  rows.reduce<number>((sum, row) => {
    const { tenantIdentifiers, tenantRoles } = named().parse(row);
    return sum + tenantIdentifiers.length + tenantRoles.length;
  }, 0);

const named = lazily(() =>
  z
    .object({ tenantIdentifiers: z.array(z.unknown()).catch([]), tenantRoles: z.array(z.unknown()).catch([]) })
    .catch({ tenantIdentifiers: [], tenantRoles: [] }),
);

/** The input of every import: its rows are read one by one. */
export const importInput = lazily(() =>
  z.object({
    rows: z
      .array(z.unknown(), { error: otherwise('must be a list') })
      .min(1, 'must not be empty')
      .max(MAX_IMPORT_ROWS, `must be at most ${MAX_IMPORT_ROWS}`)
      .refine((rows) => namedTenants(rows) <= MAX_NAMED_TENANTS, `must name at most ${MAX_NAMED_TENANTS} tenants`),
    /** REJECT_ALL, which is what happens if nothing is given, keeps out all rows for one that fails. SKIP_FAILED imports the others. */
    errorPolicy: choice(['REJECT_ALL', 'SKIP_FAILED']).nullish(),
    /** Whether only to say what would become of each row, whatever becomes of the others: nothing is written. */
    dryRun: flag().nullish(),
  }),
);

/** What became of one row of an import. */
export interface ImportedRow {
  /** Where in the input, such as `rows.3`. */
  path: string;
  outcome: 'CREATED' | 'UPDATED' | 'NOOP' | 'FAILED';
  /** Of the record; null for a row that failed, and for a record that would be created. */
  id: string | null;
  /** Of a record that is changed, the fields of the row that differ from what was there, as the input calls them. */
  changes: readonly string[];
  /** All that is wrong with the row; empty unless it failed. */
  errors: readonly DirectoryError[];
}

/** What became of the rows of an import, in the order given. */
export interface ImportResult {
  rows: readonly ImportedRow[];
}

/** A row of an import that has been parsed. */
export interface GivenRow<Row> {
  /** Where in the input, such as `rows.3`. */
  path: string;
  row: Row;
}

/** What a row is decided with, beside what was found. */
export interface DecisionContext {
  viewer: Viewer;
  /** Takes what is wrong with the row and leaves more to be said of it. A row with any of these fails. */
  problems: DirectoryError[];
}

/** What a row makes of the record that it names. */
export interface Decision<Relation> {
  columns: StoredColumns;
  /** What is added beside the record. */
  relations: readonly Relation[];
}

/** A kind of import: how its rows are looked up, decided on and written. `runImport` does the rest. */
export interface Import<Row, F extends Found, Relation> extends ImportRules, RelationWrites<Relation> {
  readonly entity: Entity;
  /** Made once (`lazily`): it is asked for with every row. */
  readonly row: () => z.ZodType<Row>;
  /** The fields on which hangs what else a row says: of one in which they are not valid, nothing else is said. */
  readonly decisive: readonly string[];
  /** Returns what the input calls the fields that columns belong to, by the names of those in code, where it is another name. */
  fields(): Record<string, string>;
  /** What the input calls what is added beside the record. */
  readonly relationField: string;
  /** Returns where in the input a row says which record it means, such as `rows.3.externalId`. */
  identifierPath(given: GivenRow<Row>): string;
  /** Looks up one row for each that is given, in their order: an `F` and the record. */
  lookup(viewer: Viewer, rows: readonly GivenRow<Row>[]): Statement<LookupRow>;
  /**
   * Decides on a row that names no record yet.
   *
   * @throws DirectoryError if the row fails, and nothing more is to be said of it
   */
  decideNew(context: DecisionContext, given: GivenRow<Row>, found: F): Decision<Relation>;
  /**
   * Decides on a row that names this record.
   *
   * @throws DirectoryError if the row fails, and nothing more is to be said of it
   */
  decideExisting(context: DecisionContext, given: GivenRow<Row>, found: F, existing: StoredRecord): Decision<Relation>;
  /** Returns the values of the record that must be unique, with these columns in place of those stored. */
  uniqueValues(given: GivenRow<Row>, found: F, columns: StoredColumns, stored: StoredColumns | null): UniqueValue[];
  /**
   * Returns how many invitations it leaves to be mailed, as an expression that is evaluated before it writes; null for none.
   */
  mails?(records: readonly ImportedRecord<Relation>[]): SQL | null;
}
