import { BILLING_COLUMNS, billingOf } from './billing.ts';
import { type Cells, choice, flag, given, list, type Reading, type Row, texts, wrong } from './cells.ts';

interface Importable {
  /** The columns that the file may have, each with its description. */
  columns: Record<string, string>;
  /** Converts the cells of a line to a row, and notes what is wrong with them. */
  row: (reading: Reading) => Row;
}

/** What can be imported: the columns of each type, and how a line becomes a row. */
export const IMPORTABLES = {
  customers: {
    columns: {
      externalId: 'its id in your own system',
      name: 'its name',
      email: 'its e-mail address',
      emailVerified: 'true or false; only beside an email',
      kind: 'COMPANY or PERSON',
      shortName: 'what it is called for short',
      description: 'free text',
      labels: 'its labels, separated by ;',
      tenants: 'the external ids of its tenants, separated by ;',
    },
    row: (reading) => ({
      ...texts(reading, ['externalId', 'name', 'shortName', 'description']),
      email: emailOf(reading),
      kind: choice(reading, 'kind', ['COMPANY', 'PERSON']),
      labels: list(reading, 'labels'),
      tenantIdentifiers: list(reading, 'tenants')?.map((externalId) => ({ externalId })),
    }),
  },
  tenants: {
    columns: {
      externalId: 'its id in your own system',
      name: 'its name',
      url: 'a page about it',
      description: 'free text',
      status: 'ACTIVE, PENDING or DEACTIVATED',
      partnerManaged: 'true or false',
      eventEnrichment: 'true or false',
      test: 'true or false',
      adminEmail: 'the e-mail address of the first admin of a new tenant, which one that no partner manages must have',
      ...BILLING_COLUMNS,
    },
    row: (reading) => ({
      ...texts(reading, ['name', 'url', 'description', 'adminEmail']),
      // GraphQL rejects all rows of a request for one without it. Where it is empty, the row alone fails.
      externalId: reading.cells.get('externalId') ?? '',
      status: choice(reading, 'status', ['ACTIVE', 'PENDING', 'DEACTIVATED']),
      partnerManaged: flag(reading, 'partnerManaged'),
      eventEnrichment: flag(reading, 'eventEnrichment'),
      test: flag(reading, 'test'),
      billing: billingOf(reading),
    }),
  },
  users: {
    columns: {
      externalId: 'their id in your own system',
      email: 'their e-mail address',
      name: 'their name',
      phone: 'their phone number',
      avatarUrl: 'a picture of them',
      status: 'DEACTIVATED, or else ACTIVE or INVITED, as they have accepted an invitation or not',
      role: 'the name of their role',
      customer: 'the external id of the customer whom they belong to',
      tenantRoles: 'their roles in tenants, as tenant=role;tenant=role, by external id and name',
    },
    row: (reading) => ({
      ...texts(reading, ['externalId', 'email', 'name', 'phone', 'avatarUrl']),
      status: choice(reading, 'status', ['ACTIVE', 'INVITED', 'DEACTIVATED']),
      roleIdentifier: given(reading, 'role', (name) => ({ name })),
      customerIdentifier: given(reading, 'customer', (externalId) => ({ externalId })),
      tenantRoles: list(reading, 'tenantRoles')?.flatMap((entry) => tenantRole(reading, entry) ?? []),
    }),
  },
} satisfies Record<string, Importable>;

/** A type of record that can be imported. */
export type ImportType = keyof typeof IMPORTABLES;

/** All types of records that can be imported. */
export const IMPORT_TYPES: readonly ImportType[] = ['customers', 'tenants', 'users'];

/** Converts the cells of a line to a row. It is good only if there is no problem with any of them. */
export function rowOf(type: ImportType, cells: Cells): { row: Row; problems: string[] } {
  const reading: Reading = { cells, problems: [] };
  return { row: IMPORTABLES[type].row(reading), problems: reading.problems };
}

function emailOf(reading: Reading) {
  const isVerified = flag(reading, 'emailVerified');
  const address = reading.cells.get('email');
  if (address !== undefined) return { address, isVerified };
  return reading.cells.has('emailVerified') ? wrong(reading, 'emailVerified needs an email') : undefined;
}

function tenantRole(reading: Reading, entry: string) {
  const [, externalId, name] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
  if (!externalId || !name) return wrong(reading, `tenantRoles must be like tenant=role, not ${entry}`);
  return { tenantIdentifier: { externalId: externalId.trim() }, roleIdentifier: { name: name.trim() } };
}
