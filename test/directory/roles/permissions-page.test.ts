import { describe, expect, it } from 'vitest';
import page from '../../../docs/permissions.md?raw';
import { MAX_PERMISSION_NAME_LENGTH } from '../../../src/directory/kernel/permission-names.ts';
import { MAX_PRODUCT_PERMISSIONS } from '../../../src/directory/roles/permission-commands.ts';
import { newTenant } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

interface Listed {
  name: string;
  isBuiltIn: boolean;
  permissions: { nodes: { name: string }[] };
}

const ROLE = '{ name isBuiltIn permissions(first: 100) { nodes { name } } }';

/** The rows of the table, as the directory has them. */
async function rows(): Promise<string[]> {
  const tenant = await newTenant();
  const { data } = await ask(
    `query($id: ID!) { permissions(first: 100, filter: { isBuiltIn: true }) { nodes { name description } }
      organizationRoles ${ROLE} customerRoles ${ROLE} tenant(id: $id) { availableRoles ${ROLE} } }`,
    { id: tenant.id },
  );
  const holders = (roles: Listed[], permission: string) =>
    roles
      .filter(({ isBuiltIn, permissions }) => isBuiltIn && permissions.nodes.some(({ name }) => name === permission))
      .map(({ name }) => `\`${name}\``)
      .join(', ');
  return data.permissions.nodes.map(({ name, description }: { name: string; description: string }) => {
    const scopes = [data.organizationRoles, data.customerRoles, data.tenant.availableRoles];
    return `| \`${name}\` | ${description} | ${scopes.map((roles) => holders(roles, name)).join(' | ')} |`;
  });
}

describe('the page of permissions', () => {
  it('has every built-in permission, what it allows, and the built-in roles that have it', async () => {
    const table = page.split('\n').filter((line) => /^\| `\w+:\w+` \|/.test(line));
    expect(table).toEqual(await rows());
  });

  it('has the limits that the code has', () => {
    expect(page).toContain(`There may be ${MAX_PRODUCT_PERMISSIONS}.`);
    expect(page).toContain(`A name has up to ${MAX_PERMISSION_NAME_LENGTH} characters.`);
  });

  it('shows requests that do what it says, in this order', async () => {
    const documents = [...page.matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document ?? '');
    const answers = [];
    for (const document of documents) answers.push(await ask(document));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const [created, role, key, inUse] = answers.map(({ data }) => data);
    const name = 'invoice:approve';
    expect(created.createPermission.permission).toMatchObject({ name, isBuiltIn: false });
    expect(role.createRole.role.permissions.nodes).toEqual([
      { name, isBuiltIn: false },
      { name: 'tenant:read', isBuiltIn: true },
    ]);
    expect(key.createApiKey.apiKey.permissions).toEqual(['access:check', name]);
    expect(inUse.deletePermission).toMatchObject({
      code: 'permission_in_use',
      roleCount: 1,
      roles: [{ name: 'Bookkeeper' }],
      apiKeyCount: 1,
      apiKeys: [{ name: 'Invoicing' }],
    });
  });
});
