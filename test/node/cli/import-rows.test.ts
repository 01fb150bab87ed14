import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readArguments, UsageError } from '../../../src/cli/import/arguments.ts';
import { type Entry, inBatches } from '../../../src/cli/import/batches.ts';
import { IMPORT_TYPES, IMPORTABLES, type ImportType } from '../../../src/cli/import/columns.ts';
import { readLines } from '../../../src/cli/import/lines.ts';
import { openSource } from '../../../src/cli/import/source.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function batchesOf(type: ImportType, text: string | Buffer): Promise<Entry[][]> {
  const file = join(directory, 'rows.csv');
  writeFileSync(file, text);
  const { lines } = await readLines(await openSource(file, null), type);
  return Array.fromAsync(inBatches(lines, type));
}

/** What is sent for each line, or why nothing is. */
const rowsOf = async (type: ImportType, ...lines: string[]) =>
  (await batchesOf(type, lines.join('\n'))).flat().map((entry) => (entry.row === null ? entry.problem : entry.row));

describe('a line becomes', () => {
  it('a customer', async () => {
    const [row] = await rowsOf(
      'customers',
      'externalId,name,shortName,description,kind,email,emailVerified,labels,tenants',
      'C-1,"Alder & Finch, Ltd.",Alder,"Two\nlines",company,a@alder.example,TRUE,us; retail ;,acme;brightwater',
    );
    expect(row).toEqual({
      externalId: 'C-1',
      name: 'Alder & Finch, Ltd.',
      shortName: 'Alder',
      description: 'Two\nlines',
      kind: 'COMPANY',
      email: { address: 'a@alder.example', isVerified: true },
      labels: ['us', 'retail'],
      tenantIdentifiers: [{ externalId: 'acme' }, { externalId: 'brightwater' }],
    });
  });

  it('a tenant', async () => {
    const [row] = await rowsOf(
      'tenants',
      'externalId,name,url,description,status,partnerManaged,eventEnrichment,test,adminEmail',
      'acme,Acme,https://acme.example,Shoes,pending,false,true,False,ann@acme.example',
    );
    expect(row).toEqual({
      externalId: 'acme',
      name: 'Acme',
      url: 'https://acme.example',
      description: 'Shoes',
      status: 'PENDING',
      partnerManaged: false,
      eventEnrichment: true,
      test: false,
      adminEmail: 'ann@acme.example',
    });
  });

  it('a user', async () => {
    const [row] = await rowsOf(
      'users',
      'externalId,email,name,phone,avatarUrl,status,role,customer,tenantRoles',
      'U-1,ann@acme.example,Ann,+49 40 1,https://acme.example/ann.png,invited,Owner,C-1,acme=Admin;brightwater=Read = only',
    );
    expect(row).toEqual({
      externalId: 'U-1',
      email: 'ann@acme.example',
      name: 'Ann',
      phone: '+49 40 1',
      avatarUrl: 'https://acme.example/ann.png',
      status: 'INVITED',
      roleIdentifier: { name: 'Owner' },
      customerIdentifier: { externalId: 'C-1' },
      tenantRoles: [
        { tenantIdentifier: { externalId: 'acme' }, roleIdentifier: { name: 'Admin' } },
        { tenantIdentifier: { externalId: 'brightwater' }, roleIdentifier: { name: 'Read = only' } },
      ],
    });
  });

  it('nothing for an empty cell, and nothing at all without a filled one', async () => {
    const rows = await rowsOf('customers', '\uFEFFname,email,labels,kind,tenants', 'Ann,,,,', ',,,,', '', '  ,,,, ');
    expect(JSON.stringify(rows)).toBe('[{"name":"Ann"}]');
  });

  it('an error of its own, while the others are sent', async () => {
    expect(
      await rowsOf('customers', 'name,email,emailVerified,kind,error', 'A,,true,,', 'B,,,robot,', 'C', 'D,,,,old'),
    ).toEqual([
      'emailVerified needs an email; externalId is required, unless there is an email',
      'kind must be one of COMPANY, PERSON; externalId is required, unless there is an email',
      'the line has 1 cells, and the first line names 5 columns',
      { name: 'D' },
    ]);
    expect(await rowsOf('tenants', 'externalId,test', 'A,maybe')).toEqual(['test must be true or false']);
    expect(await rowsOf('users', 'externalId,tenantRoles', 'A,acme')).toEqual([
      'tenantRoles must be like tenant=role, not acme',
    ]);
  });
});

describe('columns', () => {
  it('are those that the page of imports has', () => {
    const page = readFileSync(new URL('../../../docs/imports.md', import.meta.url), 'utf8');
    for (const type of IMPORT_TYPES) {
      const columns = Object.keys(IMPORTABLES[type].columns).map((column) => `\`${column}\``);
      expect(page).toContain(`| \`${type}\` | ${columns.join(', ')} |`);
    }
  });

  it('are known, and there once', async () => {
    const refused = (type: ImportType, header: string) => expect(rowsOf(type, header, 'A,b')).rejects;
    await refused('customers', 'name,mail').toThrow('Unknown columns: "mail" (the nearest is email).');
    await refused('tenants', 'name,labels,Staus').toThrow(
      '"labels" (the nearest is name), "Staus" (the nearest is status)',
    );
    await refused('customers', 'E-Mail,name,email').toThrow('there twice: email');
    await refused('customers', 'name,,email').toThrow('Column 2 of the file has no name.');
  });
});

describe('batches', () => {
  it('have at most 500 lines', async () => {
    const names = Array.from({ length: 1001 }, (_, index) => `name ${index}`);
    const batches = await batchesOf('tenants', ['name', ...names].join('\n'));
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(batches.flat().map(({ row }) => row?.name)).toEqual(names);
  });

  it('stay below 1 MB, and refuse a line that does not', async () => {
    const long = 'ü'.repeat(100_000);
    const batches = await batchesOf('tenants', ['name,description', ...Array(9).fill(`A,${long}`)].join('\n'));
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 1]);
    expect(await rowsOf('customers', 'name,description', `A,${'x'.repeat(960_000)}`, 'B,')).toEqual([
      'the line is too long',
      { name: 'B' },
    ]);
  });
});

describe('arguments', () => {
  const read = (...args: string[]) => readArguments(args, '/data', { TENANTRY_KEY: 'from-the-environment' });

  it('default to what the name of the file says, and to a gateway here', () => {
    expect(read('in/Customers.csv')).toEqual({
      file: '/data/in/Customers.csv',
      type: 'customers',
      url: 'http://localhost:8787',
      key: 'from-the-environment',
      failed: '/data/in/Customers.failed.csv',
      encoding: null,
      map: [],
      dryRun: null,
    });
    expect(read('in/Customers.csv', '--dry-run')).toMatchObject({ dryRun: '/data/in/Customers.dry-run.csv' });
    expect(read('customers.failed.csv')).toMatchObject({ failed: '/data/customers.failed.failed.csv' });
    expect(read('--help')).toBeNull();
  });

  it('are taken as they are given', () => {
    const args = ['x.csv', '--type', 'users', '--url', 'https://a.example/graphql', '--key', 'mine', '--failed', '/f'];
    expect(read(...args)).toMatchObject({ type: 'users', url: 'https://a.example', key: 'mine', failed: '/f' });
    expect(read('users.csv', '--encoding', 'CP1252', '--map', 'a=b=name', '--map', 'Full Name=name')).toMatchObject({
      encoding: 'windows-1252',
      map: [
        ['a=b', 'name'],
        ['Full Name', 'name'],
      ],
    });
  });

  it.each([
    [[]],
    [['a.csv', 'b.csv']],
    [['rows.csv']],
    [['users-of-customers.csv']],
    [['rows.csv', '--type', 'roles']],
    [['users.csv', '--url', 'localhost:8787']],
    [['users.csv', '--key', 'two words']],
    [['users.csv', '--failed', './users.csv']],
    [['users.csv', '--nope']],
    [['users.csv', '--encoding', 'cp850']],
    [['users.csv', '--encoding', 'iso-2022-jp']],
    [['users.csv', '--map', 'Company']],
    [['users.csv', '--map', '=name']],
    [['users.csv', '--map', 'Company=']],
  ])('are refused when they make no sense: %j', (args) => {
    expect(() => read(...args)).toThrow(UsageError);
  });

  it('have a key in them, or in the environment', () => {
    expect(() => readArguments(['users.csv'], '/data', {})).toThrow('A key is needed');
  });
});
