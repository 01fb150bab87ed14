/** The cells of one line by the names of their columns. Empty cells are left out, so that they clear nothing. */
export type Cells = ReadonlyMap<string, string>;

/** A row in the format of the API. A field that is undefined is not sent. */
export type Row = Record<string, unknown>;

/** Thrown when a line cannot be sent. Its message says why. */
export class LineError extends Error {}

interface Importable {
  /** The columns that the file may have, each with its description. */
  columns: Record<string, string>;
  /** Converts the cells of a line to a row. */
  row: (cells: Cells) => Row;
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
    row: (cells) => ({
      ...texts(cells, ['externalId', 'name', 'shortName', 'description']),
      email: emailOf(cells),
      kind: choice(cells, 'kind', ['COMPANY', 'PERSON']),
      labels: list(cells, 'labels'),
      tenantIdentifiers: list(cells, 'tenants')?.map((externalId) => ({ externalId })),
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
    },
    row: (cells) => ({
      ...texts(cells, ['externalId', 'name', 'url', 'description', 'adminEmail']),
      status: choice(cells, 'status', ['ACTIVE', 'PENDING', 'DEACTIVATED']),
      partnerManaged: flag(cells, 'partnerManaged'),
      eventEnrichment: flag(cells, 'eventEnrichment'),
      test: flag(cells, 'test'),
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
    row: (cells) => ({
      ...texts(cells, ['externalId', 'email', 'name', 'phone', 'avatarUrl']),
      status: choice(cells, 'status', ['ACTIVE', 'INVITED', 'DEACTIVATED']),
      roleIdentifier: given(cells, 'role', (name) => ({ name })),
      customerIdentifier: given(cells, 'customer', (externalId) => ({ externalId })),
      tenantRoles: list(cells, 'tenantRoles')?.map(tenantRole),
    }),
  },
} satisfies Record<string, Importable>;

/** A type of record that can be imported. */
export type ImportType = keyof typeof IMPORTABLES;

/** All types of records that can be imported. */
export const IMPORT_TYPES: readonly ImportType[] = ['customers', 'tenants', 'users'];

function given<T>(cells: Cells, column: string, read: (cell: string) => T): T | undefined {
  const cell = cells.get(column);
  return cell === undefined ? undefined : read(cell);
}

const texts = (cells: Cells, columns: string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, cells.get(column)]));

const flag = (cells: Cells, column: string) =>
  given(cells, column, (cell) => {
    const word = cell.toLowerCase();
    if (word !== 'true' && word !== 'false') throw new LineError(`${column} must be true or false`);
    return word === 'true';
  });

/** Checks an enum here, because GraphQL rejects all rows of a request for one value that is not in its enum. */
const choice = (cells: Cells, column: string, choices: string[]) =>
  given(cells, column, (cell) => {
    const word = cell.toUpperCase();
    if (!choices.includes(word)) throw new LineError(`${column} must be one of ${choices.join(', ')}`);
    return word;
  });

const list = (cells: Cells, column: string) =>
  given(cells, column, (cell) =>
    cell
      .split(';')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );

function emailOf(cells: Cells) {
  const isVerified = flag(cells, 'emailVerified');
  const address = cells.get('email');
  if (address !== undefined) return { address, isVerified };
  if (isVerified !== undefined) throw new LineError('emailVerified needs an email');
  return undefined;
}

function tenantRole(entry: string) {
  const [, externalId, name] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
  if (!externalId || !name) throw new LineError(`tenantRoles must be like tenant=role, not ${entry}`);
  return { tenantIdentifier: { externalId: externalId.trim() }, roleIdentifier: { name: name.trim() } };
}
