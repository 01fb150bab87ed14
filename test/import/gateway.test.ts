import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { IMPORTABLES, type ImportType } from '../../src/cli/import/columns.ts';
import { ask } from '../../src/cli/shared/gateway.ts';
import { contents } from '../node/shared/contents.ts';
import { migrate } from '../node/shared/migrated.ts';
import { npmStart, type Started, stopAll } from '../node/shared/started.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CUSTOMERS = 10_000;

type Cells = Record<string, string>;

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await npmStart(join(directory, 'database'), '--no-demo');
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

/** Of every column that there is, filled or not. */
function write(type: ImportType, file: string, rows: readonly Cells[]): void {
  const columns = ['error', ...Object.keys(IMPORTABLES[type].columns)];
  writeFileSync(
    join(directory, file),
    stringify([columns, ...rows.map((row) => columns.map((name) => row[name] ?? ''))]),
  );
}

/** `npm run import`, called where the file is: elsewhere than the project. */
async function importing(file: string, ...options: string[]) {
  const args = ['--prefix', PROJECT, 'run', '--silent', 'import', '--', file, '--url', gateway.url, ...options];
  const npm = spawn('npm', args, {
    cwd: directory,
    env: { ...process.env, TENANTRY_KEY: gateway.key },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [out, [code]] = await Promise.all([text(npm.stdout), once(npm, 'close')]);
  return { code, told: out.split('\n')[0] };
}

/** Imports rows of which one fails, corrects that one where it was written to, and imports it. Answers why it failed. */
async function importCorrecting(
  type: ImportType,
  rows: readonly Cells[],
  correction: Cells,
): Promise<string | undefined> {
  write(type, `${type}.csv`, rows);
  const outcome = { code: 1, told: `${rows.length} rows: ${rows.length - 1} CREATED, 0 UPDATED, 0 NOOP, 1 FAILED` };
  // First only to hear what would happen: it is what happens then, because nothing did.
  expect(await importing(`${type}.csv`, '--dry-run')).toEqual(outcome);
  const foreseen: Cells[] = parse(readFileSync(join(directory, `${type}.dry-run.csv`)), { columns: true, bom: true });
  expect(await importing(`${type}.csv`)).toEqual(outcome);
  const failedFile = `${type}.failed.csv`;
  const failed: Cells[] = parse(readFileSync(join(directory, failedFile)), { columns: true });
  write(
    type,
    failedFile,
    failed.map((row) => ({ ...row, ...correction })),
  );
  expect(await importing(failedFile)).toEqual({ code: 0, told: '1 rows: 1 CREATED, 0 UPDATED, 0 NOOP, 0 FAILED' });
  expect(failed).toHaveLength(1);
  expect(foreseen.flatMap(({ error }) => (error ? [error] : []))).toEqual([failed[0]?.error]);
  return failed[0]?.error;
}

const answered = (query: string) => ask(gateway, query, {}, z.record(z.string(), z.unknown()));

const customer = (index: number): Cells => ({
  externalId: `B-${index}`,
  name: `Müller, Søn & "Çelik" ${index}`,
  email: `Orders.${index}@bulk.example`,
  emailVerified: String(index % 2 === 0),
  kind: index % 5 === 0 ? 'person' : 'company',
  shortName: `M${index}`,
  description: 'Brought over\nfrom elsewhere',
  labels: `tier-${index % 7};retail`,
  tenants: index % 4 === 0 ? 'acme;corvid' : 'acme',
});

/** Up to where events go, and what was changed last. */
const state = () =>
  answered(`{
    customers(last: 1, orderBy: { field: UPDATED_AT }) { totalCount edges { cursor node { version } } }
    events(last: 1) { totalCount edges { cursor } }
  }`);

describe('npm start --no-demo', () => {
  it('leaves an empty database empty', async () => {
    const found = await contents(gateway);
    expect([found.tenants, found.customers, found.users, found.events].map(({ totalCount }) => totalCount)).toEqual([
      0, 0, 0, 0,
    ]);
  });
});

describe('npm run import into a gateway', () => {
  it('brings in tenants by every column, with their admins', async () => {
    const profile = {
      companyName: 'Acme Outfitters Ltd.',
      vatId: 'CHE-1',
      taxType: 'ch_vat',
      taxExempt: 'reverse',
      isBusinessCustomer: 'yes',
      isInvoicePending: '1',
      oneTimePaymentValidThrough: '2027-01-01',
    };
    const postal = {
      name: 'Ann',
      line1: 'Gasse 1',
      line2: '3rd floor',
      city: 'Bern',
      postalCode: '3011',
      state: 'BE',
      country: 'CH',
      type: 'office',
    };
    const columnsOf = (address: string, parts: Cells): Cells =>
      Object.fromEntries(
        Object.entries(parts).map(([part, value]) => [`${address}${part[0]?.toUpperCase()}${part.slice(1)}`, value]),
      );
    const acme = {
      externalId: 'acme',
      name: 'Acme Outfitters',
      url: 'https://acme.example',
      description: 'Gear, "wholesale"\nand retail',
      status: 'pending',
      partnerManaged: 'false',
      eventEnrichment: 'true',
      test: 'true',
      adminEmail: 'ann@acme.example',
      ...profile,
      ...columnsOf('billingAddress', postal),
      ...columnsOf('shippingAddress', { ...postal, type: 'depot' }),
    };
    expect(Object.keys(acme)).toEqual(Object.keys(IMPORTABLES.tenants.columns));
    const corvid = { externalId: 'corvid', name: 'Corvid', partnerManaged: 'false' };
    expect(await importCorrecting('tenants', [acme, corvid], { adminEmail: 'ann@acme.example' })).toBe(
      'The input is not valid: adminEmail is required for a new tenant that no partner manages. (validation_failed)',
    );
    const { externalId, name, url, description, adminEmail } = acme;
    const parts = 'name line1 line2 city postalCode state country type';
    expect(
      await answered(`{
        tenants { nodes { externalId name url description status partnerManaged eventEnrichment test billing {
          companyName vatId taxType taxExempt isBusinessCustomer isInvoicePending oneTimePaymentValidThrough
          billingAddress { ${parts} } shippingAddress { ${parts} }
        } } }
        users { nodes { email tenantRoles { nodes { tenant { name } role { name } } } } }
      }`),
    ).toMatchObject({
      tenants: {
        nodes: [
          {
            ...{ externalId, name, url, description, status: 'PENDING' },
            ...{ partnerManaged: false, eventEnrichment: true, test: true },
            billing: {
              ...{ ...profile, taxExempt: 'REVERSE', isBusinessCustomer: true, isInvoicePending: true },
              ...{ billingAddress: postal, shippingAddress: { ...postal, type: 'depot' } },
            },
          },
          {
            ...{ name: 'Corvid', url: null, status: 'ACTIVE', partnerManaged: false, test: false },
            billing: { companyName: null, taxExempt: 'NONE', isBusinessCustomer: false, billingAddress: null },
          },
        ],
      },
      users: {
        nodes: [
          {
            email: adminEmail,
            tenantRoles: {
              nodes: ['Acme Outfitters', 'Corvid'].map((name) => ({ tenant: { name }, role: { name: 'admin' } })),
            },
          },
        ],
      },
    });
  });

  it(`brings in ${CUSTOMERS} customers by every column, and writes nothing when it is run again`, async () => {
    const rows = Array.from({ length: CUSTOMERS }, (_, index) => customer(index));
    expect(Object.keys(customer(0))).toEqual(Object.keys(IMPORTABLES.customers.columns));
    write('customers', 'customers.csv', rows);
    expect(await importing('customers.csv')).toEqual({
      code: 0,
      told: `${CUSTOMERS} rows: ${CUSTOMERS} CREATED, 0 UPDATED, 0 NOOP, 0 FAILED`,
    });
    const before = await state();
    expect(before).toMatchObject({ customers: { totalCount: CUSTOMERS, edges: [{ node: { version: 1 } }] } });
    expect(await importing('customers.csv')).toEqual({
      code: 0,
      told: `${CUSTOMERS} rows: 0 CREATED, 0 UPDATED, ${CUSTOMERS} NOOP, 0 FAILED`,
    });
    expect(await state()).toEqual(before);

    const found = await answered(`{
      tenants { nodes { customers { totalCount } } }
      first: customers(first: 1) { nodes { externalId } }
      one: customerBy(identifier: { externalId: "B-${CUSTOMERS - 5}" }) {
        name email { address isVerified } kind shortName description labels tenants { nodes { externalId } } version
      }
    }`);
    const { name, email, shortName, description } = customer(CUSTOMERS - 5);
    expect(found).toEqual({
      tenants: { nodes: [CUSTOMERS, CUSTOMERS / 4].map((totalCount) => ({ customers: { totalCount } })) },
      first: { nodes: [{ externalId: 'B-0' }] },
      one: {
        ...{ name, shortName, description, kind: 'PERSON', version: 1 },
        email: { address: email, isVerified: false },
        labels: [`tier-${(CUSTOMERS - 5) % 7}`, 'retail'],
        tenants: { nodes: [{ externalId: 'acme' }] },
      },
    });
  });

  it('brings in users by every column, with their roles', async () => {
    const lisa = {
      externalId: 'U-1',
      email: 'Lisa@bulk.example',
      name: 'Lisa Nguyễn',
      phone: '+1 555 0100',
      avatarUrl: 'https://bulk.example/lisa.png',
      status: 'active',
      role: 'Admin',
      customer: 'B-7',
      tenantRoles: 'acme=Manage; corvid=view',
    };
    expect(Object.keys(lisa)).toEqual(Object.keys(IMPORTABLES.users.columns));
    const member = { email: 'omar@team.example', role: 'boss', status: 'deactivated' };
    const users = [lisa, member, { email: 'pia@acme.example', tenantRoles: 'acme=user' }];
    expect(await importCorrecting('users', users, { role: 'member' })).toBe(
      'There is no role with the identifier given at roleIdentifier.name. (not_found)',
    );
    const USER = `externalId email name phone avatarUrl status role { scope name } customer { externalId }
      tenantRoles { nodes { tenant { externalId } role { name } } }`;
    const { role, customer: externalId, tenantRoles, ...details } = lisa;
    const inTenant = (tenant: string, name: string) => ({ tenant: { externalId: tenant }, role: { name } });
    expect(
      await answered(`{
        lisa: userBy(identifier: { externalId: "U-1" }) { ${USER} }
        omar: userBy(identifier: { email: "omar@team.example" }) { ${USER} }
        pia: userBy(identifier: { email: "pia@acme.example" }) { ${USER} }
      }`),
    ).toMatchObject({
      lisa: {
        // Nobody is ACTIVE who has not accepted.
        ...{ ...details, status: 'INVITED' },
        role: { scope: 'CUSTOMER', name: role.toLowerCase() },
        customer: { externalId },
        tenantRoles: { nodes: [inTenant('acme', 'manage'), inTenant('corvid', 'view')] },
      },
      omar: { status: 'DEACTIVATED', role: { scope: 'ORGANIZATION', name: 'member' }, tenantRoles: { nodes: [] } },
      pia: { status: 'INVITED', role: null, customer: null, tenantRoles: { nodes: [inTenant('acme', 'user')] } },
    });
  });
});
