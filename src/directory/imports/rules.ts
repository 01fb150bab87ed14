import type { Rules } from '../commands/command.ts';
import { ForbiddenError, ValidationError } from '../kernel/errors.ts';

/** What an API has to know of an import before it runs one. All else of it is read when the first one runs. */
export type ImportRules = Omit<Rules, 'input'>;

/** Errors of rows are answered with the rows. */
const errors = [ValidationError, ForbiddenError];

/** The rules of every import, by its name. */
export const IMPORTS = {
  importTenants: {
    name: 'importTenants',
    permissions: ['tenant:create', 'tenant:edit'],
    reaches: ['ORGANIZATION'],
    errors,
  },
  importCustomers: {
    name: 'importCustomers',
    permissions: ['customer:create', 'customer:edit'],
    reaches: ['ORGANIZATION', 'TENANTS'],
    errors,
  },
  importUsers: {
    name: 'importUsers',
    permissions: ['user:create', 'user:edit'],
    reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
    errors,
  },
} as const satisfies Record<string, ImportRules>;
