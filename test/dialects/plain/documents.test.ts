import { describe, expect, it } from 'vitest';
import limits from '../../../docs/limits.md?raw';
import page from '../../../docs/plain.md?raw';
import { schema } from '../../../src/dialects/plain/schema.ts';
import { MAX_PLAIN_COST } from '../../../src/http/dialects/plain.ts';
import { eventsAbout, newKey, newTenant } from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, ROOT_KEY, send } from '../../shared/gateway.ts';
import { newPerson } from './asked.ts';
import { CONDITIONS } from './conditions.ts';
import { FAILURES } from './failures.ts';
import documentOfTheDocument from './mutation.txt?raw';
import { PATH, plain } from './table.ts';
import variablesOfTheDocument from './variables.txt?raw';

describe('the document', () => {
  it('is answered as it stands, with its own variables', async () => {
    const { input } = JSON.parse(variablesOfTheDocument);
    const customer = await newPerson({ email: { address: input.customerIdentifier.emailAddress } });
    for (const { externalId } of input.tenantIdentifiers) await newTenant({ externalId });
    const body = `{"query": ${JSON.stringify(documentOfTheDocument)}, "variables": ${variablesOfTheDocument}}`;
    const sent = (key: string) =>
      send(
        new Request(`${PUBLIC_URL}${PATH}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body,
        }),
      );
    const { status, text } = await sent(ROOT_KEY);
    expect([status, text]).toEqual([200, '{"data":{"addCustomerToTenants":{"error":null}}}']);
    const { data } = await ask('query($id: ID!) { customer(id: $id) { tenants { nodes { externalId } } } }', customer);
    expect(data.customer.tenants.nodes).toEqual(input.tenantIdentifiers);
    expect(await eventsAbout(customer.id)).toEqual(['customer.created', 'membership.created', 'membership.created']);

    const { secret } = await newKey({ permissions: ['customerTenantMembership:create'] });
    expect((await sent(secret)).data.addCustomerToTenants.error).toEqual({
      message: 'Insufficient permissions, missing "customer:edit".',
      type: 'FORBIDDEN',
      code: 'forbidden',
      fields: [],
    });
  });
});

describe('the page', () => {
  const row = (heading: string) =>
    page.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const rowsUnder = (heading: string) => {
    const lines = page.slice(page.indexOf(`\n| ${heading} |`) + 1).split('\n');
    const rows = lines.slice(2, lines.indexOf(''));
    return rows.map((line) => line.slice(2, -2).split(' | '));
  };
  const namesIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

  it('has the path, the statuses and the codes', () => {
    expect(row('URL')).toContain(`\`${PATH}\``);
    const statuses = new Set(FAILURES.map(([, , status]) => status));
    const stated = [200, ...rowsUnder('HTTP').map(([status]) => Number(status))];
    expect(page).toContain('**A request that fails** is never answered by 200');
    expect(new Set(stated)).toEqual(new Set([...statuses, 200]));
    expect(row('cost of an operation')).toContain(`at most ${MAX_PLAIN_COST.toLocaleString('en')}`);
    expect(limits).toContain(`| \`/plain\` | ${MAX_PLAIN_COST.toLocaleString('en')} | twice as much |`);
    const codes = new Set([...CONDITIONS.map(([, , , code]) => code), 'forbidden']);
    expect(new Set(rowsUnder('`code`').flatMap(([names = '']) => namesIn(names)))).toEqual(codes);
  });

  it('has every operation with the permissions that it needs', () => {
    const stated = new Map<string, string[]>();
    for (const [names = '', needed = ''] of rowsUnder('operation')) {
      for (const name of namesIn(names)) stated.set(name, namesIn(needed));
    }
    // What the users of a customer hold, and what a filter needs, is said elsewhere.
    const alone: Record<string, string[]> = { deleteCustomer: ['customer:delete'], customers: ['customer:read'] };
    const known = plain.operations.map(({ name, permissions }): [string, string[]] => [
      name,
      alone[name] ?? [...permissions],
    ]);
    expect([...stated].sort()).toEqual([...known, ['Customer.tenantMemberships', ['tenant:read']]].sort());
  });

  it('has every field that is always the same, and every filter', () => {
    const constant = Object.values(schema.getTypeMap()).flatMap((type) =>
      'getFields' in type
        ? Object.values(type.getFields()).flatMap(({ name, description }) =>
            description?.startsWith('Always') ? [`${type.name}.${name}`] : [],
          )
        : [],
    );
    expect(
      rowsUnder('field that never varies')
        .flatMap(([names = '']) => namesIn(names))
        .sort(),
    ).toEqual(constant.sort());
    const filters = ['CustomersFilter', 'TenantsFilter'].flatMap((name) => {
      const type = schema.getType(name);
      return type && 'getFields' in type ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
    });
    expect(
      rowsUnder('filter')
        .flatMap(([names = '']) => namesIn(names))
        .sort(),
    ).toEqual(filters.sort());
  });
});
