import type { InputRef } from '@pothos/core';
import type { Import, ImportedRow } from '../../directory/imports/import.ts';
import { ROW_ERRORS } from '../../directory/imports/kept-rows.ts';
import type { Found } from '../../directory/imports/lookup.ts';
import { IMPORTS, type ImportRules } from '../../directory/imports/rules.ts';
import { CUSTOMER_DESCRIPTIONS, CustomerIdentifier } from '../customers/customer.ts';
import { customerFields } from '../customers/mutations.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder } from '../shared/builder.ts';
import { errorAsAnswer, MutationError } from '../shared/errors.ts';
import { localIdentifier, localTenants, type NodeType, toGlobalId } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { COVERED, mutationOf, price, WHOLE_LIST } from '../shared/prices.ts';
import { ADMIN_EMAIL, tenantFields } from '../tenants/mutations.ts';
import { TENANT_DESCRIPTIONS, TenantIdentifier } from '../tenants/tenant.ts';
import { userFields } from '../users/mutations.ts';
import { ANOTHER_EMAIL, USER_DESCRIPTIONS, UserStatus } from '../users/user.ts';

const ImportErrorPolicy = builder.enumType('ImportErrorPolicy', {
  description: 'What an import does when some of its rows fail.',
  values: {
    REJECT_ALL: { description: 'Nothing: all rows are imported, or none.' },
    SKIP_FAILED: { description: 'It leaves those out, and imports the others.' },
  } as const,
});

const ImportOutcome = builder.enumType('ImportOutcome', {
  description: 'What an import did with a row.',
  values: {
    CREATED: { description: 'There was no such record: it was created.' },
    UPDATED: { description: 'The record existed and was changed.' },
    NOOP: { description: 'The record existed and nothing differed: nothing was written, and no event.' },
    FAILED: { description: 'The row was not imported: its errors say why.' },
  } as const,
});

const ImportedRowType = builder.objectRef<ImportedRow & { type: NodeType }>('ImportedRow').implement({
  description: 'What became of one row of an import.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Which row, such as `rows.3`: they are answered in the order given.' }),
    outcome: t.expose('outcome', { type: ImportOutcome, description: 'What was done.' }),
    id: t.id({
      nullable: true,
      description:
        'The global id of the record; null for a row that failed, and for a record that a dry run would create.',
      resolve: ({ type, id }) => (id === null ? null : toGlobalId(type, id)),
    }),
    changes: t.stringList({
      ...price(COVERED),
      description:
        'For UPDATED, the fields of the row that differ from what was there, such as `description` or `tenantRoles`; else empty.',
      resolve: ({ changes }) => [...changes],
    }),
    errors: t.field({
      type: [MutationError],
      ...price(COVERED),
      description:
        'All that is wrong with the row, with paths from the beginning of the input, such as `rows.3.name`; empty if it did not fail. `AlreadyExistsError.existing` is always null here. A value that another row would end with as well names that row, such as `rows.7`.',
      resolve: ({ errors }) => errors.map((error) => errorAsAnswer(error, Object.values(ROW_ERRORS))),
    }),
  }),
});

const ERROR_POLICY = 'What happens to the other rows when some fail; REJECT_ALL if not given.';
const DRY_RUN =
  'Whether only to say what would happen: nothing is written. Each row has its own outcome, whatever the `errorPolicy`. You must be allowed to read such records.';
const ROWS = 'The rows, 1 to 500, which may name 5,000 tenants in all.';
const KEEPS = 'A field left out is untouched; null clears what can be null.';

/** What a row of an import costs, its answer included. */
const ROW_COST = 10;

interface ImportField<Row, F extends Found, Relation, Given> {
  /** Of the records, in global ids. */
  type: NodeType;
  /** Reads what is needed to run it: hardly any request needs that. */
  load(): Promise<Import<Row, F, Relation>>;
  /** What the command does, as the API describes it. */
  description: string;
  row: InputRef<Given>;
  /** A row as the directory reads it: identifiers in place of global ids. */
  toLocal(row: Given): unknown;
}

/** Adds the mutation that runs an import, with its input and its payload. */
function addImport<Row, F extends Found, Relation, Given>(
  rules: ImportRules,
  { type, description, row, toLocal, load }: ImportField<Row, F, Relation, Given>,
): void {
  builder.relayMutationField(
    rules.name,
    {
      description: `${type}s to create or change.`,
      inputFields: (t) => ({
        rows: t.field({ type: [row], required: true, description: ROWS }),
        errorPolicy: t.field({ type: ImportErrorPolicy, description: ERROR_POLICY }),
        dryRun: t.boolean({ description: DRY_RUN }),
      }),
    },
    {
      ...commandField(
        rules,
        `${description} Up to 500 rows, in at most three calls to the database. If they name more values of what you may not see than you may be told of, or would mail more invitations than you may cause, the request fails with \`TOO_MANY_REQUESTS\`, and nothing is imported.`,
        mutationOf('rows', ROW_COST),
      ),
      resolve: async (_, { input: { rows, ...how } }, caller) => {
        const { runImport } = await import('../../directory/imports/run-import.ts');
        return runImport(caller, await load(), { ...how, rows: rows.map(toLocal) });
      },
    },
    {
      description:
        'What became of each row. Look at every `outcome`: an import is answered so even where all of its rows failed.',
      outputFields: (t) => ({
        rows: t.field({
          type: [ImportedRowType],
          ...price(WHOLE_LIST),
          description: 'One for each row, in the order given.',
          resolve: ({ rows }) => rows.map((row) => ({ ...row, type })),
        }),
      }),
    },
  );
}

const CustomerRow = builder.inputType('ImportCustomerRow', {
  description: `A customer as an import gives it, named by its external id, or else by its e-mail address. ${KEEPS}`,
  fields: (t) => ({
    name: t.string({ description: `${CUSTOMER_DESCRIPTIONS.name} Required if the customer does not exist yet.` }),
    ...customerFields(t),
    tenantIdentifiers: t.field({
      type: [TenantIdentifier],
      description: 'The tenants that a new customer joins, at most 100. Without effect on one that exists.',
    }),
  }),
});

addImport(IMPORTS.importCustomers, {
  type: 'Customer',
  load: async () => (await import('../../directory/customers/import.ts')).importCustomers,
  description: 'Creates or changes many customers.',
  row: CustomerRow,
  toLocal: (row) => ({ ...row, tenantIdentifiers: localTenants(row.tenantIdentifiers ?? []) }),
});

const TenantRow = builder.inputType('ImportTenantRow', {
  description: `A tenant as an import gives it, named by its external id. ${KEEPS}`,
  fields: (t) => ({
    name: t.string({ description: `${TENANT_DESCRIPTIONS.name} Required if the tenant does not exist yet.` }),
    ...tenantFields(t),
    externalId: t.string({ required: true, description: TENANT_DESCRIPTIONS.externalId }),
    adminEmail: t.string({ description: `${ADMIN_EMAIL} Without effect on a tenant that exists.` }),
  }),
});

addImport(IMPORTS.importTenants, {
  type: 'Tenant',
  load: async () => (await import('../../directory/tenants/import.ts')).importTenants,
  description: 'Creates or changes many tenants. Only for callers who reach the whole organization.',
  row: TenantRow,
  toLocal: (row) => row,
});

const TenantRoleRow = builder.inputType('ImportTenantRole', {
  description: 'A role in a tenant as an import gives it.',
  fields: (t) => ({
    tenantIdentifier: t.field({ type: TenantIdentifier, required: true, description: 'What names the tenant.' }),
    roleIdentifier: t.field({
      type: RoleIdentifier,
      required: true,
      description: 'What names the role, of scope TENANT.',
    }),
  }),
});

const UserRow = builder.inputType('ImportUserRow', {
  description: `A user as an import gives it, named by its external id, or else by its e-mail address. ${KEEPS}`,
  fields: (t) => ({
    email: t.string({
      description: `${USER_DESCRIPTIONS.email} Required if the user does not exist yet. ${ANOTHER_EMAIL}`,
    }),
    ...userFields(t),
    status: t.field({
      type: UserStatus,
      description:
        'DEACTIVATED, or not: ACTIVE and INVITED say the same, and which of the two a user is follows from whether they have accepted. Nobody is mailed an invitation: `inviteUser` does that.',
    }),
    roleIdentifier: t.field({
      type: RoleIdentifier,
      description:
        'What names the role: in the customer, if there is one, else in the organization. Without it, a new user has roles in tenants only.',
    }),
    customerIdentifier: t.field({
      type: CustomerIdentifier,
      description: 'What names the customer that the user belongs to. It stays so.',
    }),
    tenantRoles: t.field({
      type: [TenantRoleRow],
      description: 'Roles that the user is to have in tenants, at most 100. Roles in other tenants stay as they are.',
    }),
  }),
});

addImport(IMPORTS.importUsers, {
  type: 'User',
  load: async () => (await import('../../directory/users/import.ts')).importUsers,
  description:
    'Creates or changes many users, by the rules for each of them. Owners and admins of tenants are neither demoted nor deactivated.',
  row: UserRow,
  toLocal: ({ roleIdentifier, customerIdentifier, tenantRoles, ...row }) => ({
    ...row,
    roleIdentifier: roleIdentifier && localIdentifier('Role', roleIdentifier),
    customerIdentifier: customerIdentifier && localIdentifier('Customer', customerIdentifier),
    tenantRoles: tenantRoles?.map((given) => ({
      tenantIdentifier: localIdentifier('Tenant', given.tenantIdentifier),
      roleIdentifier: localIdentifier('Role', given.roleIdentifier),
    })),
  }),
});
