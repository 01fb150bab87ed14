import { type GraphQLSchema, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import page from '../../../docs/capig.md?raw';
import { MAX_LISTED, MAX_LISTED_IN_ALL } from '../../../src/dialects/capig/lists.ts';
import { schema } from '../../../src/dialects/capig/schema.ts';
import { CLIENT_TOKEN_SECONDS } from '../../../src/directory/api-keys/client-tokens.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { DEFAULT_WINDOW_HOURS } from '../../../src/directory/usage/traffic-hours.ts';
import { schema as own } from '../../../src/graphql/schema.ts';
import { allBut, newKey, newTenant, newTenantUser, rawId } from '../../shared/fixtures.ts';
import { operationsOf } from '../../walks/dialects/table.ts';
import { CONDITIONS } from './conditions.ts';
import { advertiser, asked, askToken, hub } from './hub.ts';
import { capig } from './table.ts';

describe('the page', () => {
  const row = (heading: string) =>
    page.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const rowsUnder = (heading: string) => {
    const lines = page.slice(page.indexOf(`\n| ${heading} |`) + 1).split('\n');
    const rows = lines.slice(2, lines.indexOf(''));
    return rows.map((line) => line.slice(2, -2).split(' | '));
  };
  const wordsOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');

  it('has every operation with its permissions, and no other', () => {
    const needs = rowsUnder('operation').map(([name = '', list = '']): [string, string[]] => [
      wordsOf(name)[0] ?? '',
      wordsOf(list.split(';')[0] ?? ''),
    ]);
    expect(needs.map(([name]) => name).sort()).toEqual(operationsOf(schema).sort());
    const held = ['tenant:read', 'customer:read', 'user:read', 'usage:read'];
    for (const [name, list] of needs) {
      const { permissions = [] } = capig.operations.find((operation) => operation.name === name) ?? {};
      const own = permissions.filter((permission) => !held.includes(permission) && permission !== 'role:read');
      if (own.length > 0) expect(list, String(name)).toEqual(own);
      else expect(permissions, String(name)).toEqual(expect.arrayContaining([...(list ?? [])]));
    }
  });

  it('has what every field below a tenant needs', async () => {
    const fields: Record<string, string> = {
      users: 'users { id }',
      'User.roles': 'users { roles { displayName } }',
      'User.tenants': 'users { tenants { id } }',
      availableRoles: 'availableRoles { name }',
      tenants: 'users { tenants { id } }',
      tenantName: 'users { roles { tenantName } }',
      defaultTenantId: 'users { defaultTenantId }',
      tenantUsage: 'tenantUsage { totalPixels }',
    };
    const tenant = await newTenant();
    await newTenantUser(tenant.id);
    const said = rowsUnder('field below a tenant').flatMap(([names = '', needs = '']) =>
      wordsOf(names).flatMap((field) => wordsOf(needs).map((permission) => [field, permission] as const)),
    );
    expect(new Set(said.map(([field]) => field))).toEqual(new Set(Object.keys(fields)));
    for (const [field, permission] of said) {
      const { secret } = await newKey({ permissions: allBut(permission as Permission) });
      const document = `query($tenantId: String!) { tenant(tenantId: $tenantId) { ${fields[field]} } }`;
      const { status, text } = await hub(document, { tenantId: rawId(tenant.id) }, secret);
      expect(status, `${field} without ${permission}`).toBe(401);
      expect(text).toContain(permission);
    }
  });

  it('has fields by the names that /graphql has', () => {
    const pairs = rowsUnder('here').map(([here = '', there = '']) => [...wordsOf(here), ...wordsOf(there)]);
    expect(pairs).toHaveLength(6);
    const fieldsOf = (of: GraphQLSchema, ...types: string[]) =>
      types.flatMap((name) => {
        const type = of.getType(name);
        return isObjectType(type) ? Object.keys(type.getFields()) : [];
      });
    for (const [here = '', there = ''] of pairs) {
      expect(fieldsOf(schema, 'Tenant', 'User')).toContain(here);
      expect(fieldsOf(own, 'Tenant', 'User')).toContain(there);
    }
  });

  it('has the limits that the code has, and every code that was seen above', () => {
    const number = (value: number) => value.toLocaleString('en');
    expect(row('lists')).toContain(`${number(MAX_LISTED)} records each and ${number(MAX_LISTED_IN_ALL)} in one answer`);
    expect(row('credential')).toContain(`good for ${CLIENT_TOKEN_SECONDS / 3600} hours`);
    expect(row('usage')).toContain(`of the last ${DEFAULT_WINDOW_HOURS} hours`);
    for (const [, , , status, code] of CONDITIONS) {
      const [, codes] = rowsUnder('HTTP').find(([http]) => http === String(status)) ?? [];
      expect(codes, `${status} ${code}`).toContain(code.startsWith('GRAPHQL') ? 'the codes of GraphQL' : `\`${code}\``);
    }
    expect(rowsUnder('number')).toEqual([
      ['`0`', 'ACTIVE', 'DEACTIVATED'],
      ['`1`', 'PENDING', 'ACTIVE'],
      ['`2`', 'DEACTIVATED', 'INVITED'],
    ]);
    expect(wordsOf(row('always the same'))).toEqual(['User.userExpiry', 'TenantUsageByTraffic.durationInHours']);
    expect(row('always the same')).toContain(`: ${DEFAULT_WINDOW_HOURS}`);
  });

  it('shows requests that work', async () => {
    const [tenant, key] = [await newTenant(), await newKey()];
    const user = await newTenantUser(tenant.id);
    const values: Record<string, string> = { API_KEY_ID: key.id, API_KEY: key.secret, TENANT_ID: rawId(tenant.id) };
    const filled = page.replaceAll('\\\n', '').replaceAll(/\$([A-Z_]+)/g, (name, known) => values[known] ?? name);
    const form = new FormData();
    for (const [, name = '', value = ''] of filled.matchAll(/-F "?(\w+)=([^"\s]+)"?/g)) form.set(name, value);
    const { token } = JSON.parse((await askToken(form)).text);
    const [, body = ''] = /-d '(.*)'$/m.exec(filled) ?? [];
    const { query, variables } = JSON.parse(body.replaceAll("'", ''));
    expect((await asked(query, variables, token)).data.tenant).toEqual({
      name: tenant.name,
      users: [{ email: user.email, roles: [{ name: advertiser('view', tenant) }] }],
    });
  });
});
