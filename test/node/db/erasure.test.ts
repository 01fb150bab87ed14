import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, type Gateway } from '../../../src/cli/shared/gateway.ts';
import { migrate } from '../shared/migrated.ts';
import { serveMigrated, stopAll } from '../shared/started.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

interface Stored {
  /** Every byte of the file, once what SQLite wrote ahead of it is in there: what it holds, and what is left of the rest. */
  file: string;
  /** Every byte of a copy that has what the database holds, and nothing else. */
  contents: string;
}

async function stored(): Promise<Stored> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(({ name }) => name.endsWith('.sqlite'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const copies = files.map((file) => {
    const copy = `${file}.copy`;
    const opened = new DatabaseSync(file);
    opened.exec(`PRAGMA wal_checkpoint(TRUNCATE); VACUUM INTO '${copy}'`);
    opened.close();
    return copy;
  });
  const read = async (paths: string[]) =>
    Buffer.concat(await Promise.all(paths.map((path) => readFile(path))))
      .toString('latin1')
      .toLowerCase();
  return { file: await read(files), contents: await read(copies) };
}

const record = z.object({ id: z.string() });
const written = z.record(z.string(), z.record(z.string(), record));

/** The id of the record that the mutation wrote. */
async function write(gateway: Gateway, name: string, input: Record<string, unknown>): Promise<string> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const kind = /(user|customer|tenant|pixel)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const answer = await ask(
    gateway,
    `mutation ($input: ${type}Input!) { ${name}(input: $input) { ... on ${type}Payload { ${kind} { id } } } }`,
    { input },
    written,
  );
  const id = answer[name]?.[kind]?.id;
  if (id === undefined) throw new Error(`${name} answered ${JSON.stringify(answer)}`);
  return id;
}

describe('what was erased', () => {
  it('is nowhere in the database, and, if it had not been changed, not in unused space either', async () => {
    migrate(directory);
    const gateway = await serveMigrated(directory);
    const keeper = await write(gateway, 'createTenant', { name: 'Kept Keeper', externalId: 'kept' });
    const tenantIdentifier = { id: keeper };
    const names = ['Xanthippe Vandersloot', 'Zoë Ængström-Ōkubo', '🦄'.repeat(256), 'Ib'];
    for (const [index, name] of names.entries()) {
      const email = `forgotten.person.${index}@vandersloot.example`;
      const customer = await write(gateway, 'createCustomer', {
        name,
        email: { address: email },
        shortName: name,
      });
      const roleIdentifier = { name: 'member' };
      await write(gateway, 'createCustomerUser', { email, name, roleIdentifier, customerIdentifier: { id: customer } });
      await write(gateway, 'createCustomerUser', {
        email: `x${email}`,
        name,
        roleIdentifier,
        customerIdentifier: { id: customer },
      });
      const user = await write(gateway, 'createTenantUser', {
        email: `y${email}`,
        name,
        roleIdentifier: { name: 'view' },
        tenantIdentifier,
      });
      await write(gateway, 'deleteUser', { id: user, permanently: true });
      await write(gateway, 'deleteCustomer', { id: customer, permanently: true });
    }
    const people = ['Zephyrine Quackenbush', 'Ottoline Wriothesley', 'Peregrine Featherstonehaugh'];
    const slug = (name: string) => name.toLowerCase().replaceAll(' ', '.');
    const secrets: string[] = [];
    for (const name of people) {
      const [before, now] = [`${slug(name)}@formerly.example`, `${slug(name)}@lately.example`];
      secrets.push(name, ...name.split(' '), before, now, `Renamed ${name}`, `phone-of-${slug(name)}`);
      const customer = await write(gateway, 'createCustomer', {
        name: `Customer ${name}`,
        email: { address: `customer.${before}` },
        description: `About ${name}, at length. `.repeat(40),
        labels: [`label-of-${slug(name)}`],
        tenantIdentifiers: [{ id: keeper }],
      });
      const ofCustomer = await write(gateway, 'createCustomerUser', {
        email: `user.${before}`,
        name,
        roleIdentifier: { name: 'member' },
        customerIdentifier: { id: customer },
      });
      await write(gateway, 'updateUser', { id: ofCustomer, email: `user.${now}`, phone: `phone-of-${slug(name)}` });
      const user = await write(gateway, 'createTenantUser', {
        email: before,
        name,
        roleIdentifier: { name: 'view' },
        tenantIdentifier: { id: keeper },
      });
      await write(gateway, 'updateUser', { id: user, email: now, name: `Renamed ${name}` });
      const tenant = await write(gateway, 'createTenant', {
        name: `Tenant ${name}`,
        billing: { companyName: name, billingAddress: { line1: `The house of ${name}` } },
      });
      await write(gateway, 'updateTenant', { id: tenant, name: `Renamed ${name}` });
      await write(gateway, 'registerPixel', { tenantIdentifier: { id: tenant }, name, externalId: before });
      await write(gateway, 'deleteUser', { id: user });
      await write(gateway, 'deleteUser', { id: user, permanently: true });
      await write(gateway, 'deleteCustomer', { id: customer, permanently: true });
      await write(gateway, 'deleteTenant', { id: tenant, permanently: true });
    }
    const { events } = await ask(
      gateway,
      '{ events(first: 100) { nodes { type before after } } }',
      {},
      z.object({ events: z.object({ nodes: z.array(z.object({ type: z.string() }).loose()) }) }),
    );
    expect(events.nodes.filter(({ type }) => type === 'user.erased')).toHaveLength(18);
    expect(events.nodes.filter(({ type }) => type === 'user.created')).toHaveLength(18);
    await gateway.stop();

    const { file, contents } = await stored();
    expect(contents).toContain('kept keeper');
    expect(secrets.filter((secret) => contents.includes(secret.toLowerCase()))).toEqual([]);
    const bytes = (text: string) => Buffer.from(text.toLowerCase()).toString('latin1').toLowerCase();
    const left = [...names.slice(0, 2), 'forgotten.person', 'vandersloot'].filter((text) => file.includes(bytes(text)));
    expect(left).toEqual([]);
  });
});
