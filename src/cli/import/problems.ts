import type * as z from 'zod';
import { importCustomers } from '../../directory/customers/import.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import { parse } from '../../directory/kernel/input.ts';
import { importTenants } from '../../directory/tenants/import.ts';
import { importUsers } from '../../directory/users/import.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';

const SCHEMAS: Record<ImportType, () => z.ZodType> = {
  customers: importCustomers.row,
  tenants: importTenants.row,
  users: importUsers.row,
};

/**
 * Returns what the gateway would say of the values of a row that is not sent to it, because it would reject all rows of the
 * request for this one: so that all that is wrong is said at once.
 */
export function problemsOf(type: ImportType, row: Row): string[] {
  try {
    parse(SCHEMAS[type], row);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.issues.map(({ path, message }) => `${path} ${message}`.trim());
  }
}
