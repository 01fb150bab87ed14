import { ROUTES } from '../../../src/dialects/userdocks/routes.ts';
import { mutationDocument, rawId, unique } from '../../shared/fixtures.ts';
import { PUBLIC_URL } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import type { DialectTable } from '../../walks/dialects/table.ts';

const request = (method: string, path: string, key: string, body?: object): Request =>
  new Request(`${PUBLIC_URL}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });

const tenantQuery = ({ tenant }: World) => ({
  query: 'query($id: ID!) { tenant(id: $id) { id name billing { vatId } } }',
  variables: { id: tenant.id },
});

export const userdocks: DialectTable = {
  dialect: 'userdocks',
  served: async () =>
    ROUTES.flatMap(({ path, operations }) => {
      const spelled = path.source
        .replaceAll('\\', '')
        .slice(1, -1)
        .replace(/\(.*\)/, ':tenantId');
      return [...operations.keys()].map((method) => `${method} ${spelled}`);
    }),
  operations: [
    {
      name: 'GET /v1/tenants/me',
      permissions: ['tenant:read'],
      writes: false,
      as: 'tenant user',
      request: (_, key) => request('GET', '/tenants/me', key),
      own: tenantQuery,
    },
    {
      name: 'GET /v1/users/me',
      permissions: ['user:read'],
      writes: false,
      as: 'tenant user',
      request: (_, key) => request('GET', '/users/me', key),
      own: () => ({ query: '{ viewer { user { id name } } }', variables: {} }),
    },
    {
      name: 'GET /v1/tenants/:tenantId',
      permissions: ['tenant:read'],
      writes: false,
      request: ({ tenant }, key) => request('GET', `/tenants/${rawId(tenant.id)}`, key),
      own: tenantQuery,
    },
    {
      name: 'PUT /v1/tenants/:tenantId',
      permissions: ['tenant:edit'],
      writes: true,
      request: ({ tenant }, key) =>
        request('PUT', `/tenants/${rawId(tenant.id)}`, key, { description: unique('description') }),
      own: ({ tenant }) => ({
        query: mutationDocument('updateTenant', 'tenant { id }'),
        variables: { input: { id: tenant.id, description: unique('description') } },
      }),
    },
  ],
  // The document has no 404: what does not exist is 403 like what is out of reach, and in other words than a permission.
  outcomeOf: ({ status, text }) => {
    if (status === 200) return 'done';
    if (status !== 403) return 'refused';
    return text.includes('or there is none') ? 'absent' : 'forbidden';
  },
};
