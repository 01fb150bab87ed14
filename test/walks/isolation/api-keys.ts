import { newToken } from '../../../src/directory/api-keys/token.ts';
import { CHECK_FIELDS } from '../../shared/checks.ts';
import { globalId, mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import {
  keySecrets,
  keysByReach,
  type Operation,
  oldSecretIds,
  reachesAll,
  readOutcome,
  someNode,
  type TenantName,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

export type KeyState = 'organization' | 'a' | 'b' | 'ab' | 'none';
const apiKeyId = (state: KeyState) =>
  state === 'none' ? globalId('ApiKey', '01900000-0000-7000-8000-00000000eeee') : (keysByReach.get(state) ?? '');
const INVENTED = newToken('01900000-0000-7000-8000-00000000eeee');
const KEY_TENANTS: Record<KeyState, readonly TenantName[] | null> = {
  organization: null,
  a: ['a'],
  b: ['b'],
  ab: ['a', 'b'],
  none: [],
};
export const holdsKey = (viewer: ViewerKind, state: KeyState) => {
  const tenants = KEY_TENANTS[state];
  if (state === 'none') return false;
  return tenants === null ? viewer.reach === null : reachesAll(viewer, tenants);
};
const keyOperation = (
  covers: string,
  document: string,
  variables: (state: KeyState) => Variables,
  outcome: Operation<KeyState>['outcome'],
): Operation<KeyState> => ({
  covers,
  name: `${covers} ${document.slice(0, 50)}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome,
  expected: (viewer, state) => {
    if (viewer.customer && outcome === writeOutcome) return 'out_of_reach';
    if (holdsKey(viewer, state)) return outcome === writeOutcome ? 'done' : 'found';
    return outcome === writeOutcome ? 'not_found' : 'absent';
  },
});

const FUTURE = '2100-01-01T00:00:00Z';

/** Filters that every key satisfies, and such as name what the key reaches, which others reach as well. */
const FILTERS: { filter: (state: KeyState) => Variables; tellsApart: boolean }[] = [
  { filter: () => ({ permission: 'tenant:read' }), tellsApart: false },
  { filter: () => ({ notUsedSince: FUTURE, state: 'ACTIVE', nameStartsWith: 'key' }), tellsApart: false },
  {
    filter: (state) => ({ reach: KEY_TENANTS[state] === null ? 'ORGANIZATION' : 'TENANTS', isUsed: false }),
    tellsApart: true,
  },
  {
    filter: (state) => {
      const [first] = KEY_TENANTS[state] ?? [];
      return first ? { tenantId: tenantIds[first] } : {};
    },
    tellsApart: true,
  },
];

export const KEY_OPERATIONS: Operation<KeyState>[] = [
  keyOperation(
    'node',
    'query($id: ID!) { node(id: $id) { id } }',
    (state) => ({ id: apiKeyId(state) }),
    (answer) => readOutcome(answer, (data) => data.node),
  ),
  keyOperation(
    'apiKeys',
    '{ apiKeys(first: 100) { nodes { id } } }',
    () => ({}),
    (answer, state) => readOutcome(answer, (data) => someNode(data, 'apiKeys.nodes', apiKeyId(state))),
  ),
  ...FILTERS.flatMap(({ filter, tellsApart }) =>
    ['CREATED_AT', 'NAME', 'LAST_USED_AT', 'EXPIRES_AT'].map((field) => ({
      tellsApart,
      ...keyOperation(
        'apiKeys',
        `query($f: ApiKeyFilter) { apiKeys(first: 100, filter: $f, orderBy: { field: ${field}, direction: DESC }) { nodes { id } totalCount } }`,
        (state) => ({ f: filter(state) }),
        (answer, state) => readOutcome(answer, (data) => someNode(data, 'apiKeys.nodes', apiKeyId(state))),
      ),
    })),
  ),
  keyOperation(
    'updateApiKey',
    mutationDocument('updateApiKey', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state), name: unique('k') } }),
    writeOutcome,
  ),
  ...[
    '{ events(first: 100) { nodes { subjectId } } }',
    '{ events(first: 100, filter: { types: ["apiKey.created"] }) { nodes { subjectId } } }',
  ].map((document) =>
    keyOperation(
      'events',
      document,
      () => ({}),
      (answer, state) =>
        readOutcome(answer, (data) =>
          data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === apiKeyId(state)),
        ),
    ),
  ),
  keyOperation(
    'events',
    'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }',
    (state) => ({ s: apiKeyId(state) }),
    (answer) => readOutcome(answer, (data) => data.events.nodes.length > 0),
  ),
  keyOperation(
    'checkAccess',
    `query($c: [AccessCheckInput!]!) { checkAccess(checks: $c) { ${CHECK_FIELDS} } }`,
    (state) => ({
      c: [{ credential: keySecrets.get(state) ?? INVENTED, permissions: [{ permission: 'tenant:read' }] }],
    }),
    (answer) => readOutcome(answer, (data) => data.checkAccess[0].isGood),
  ),
  keyOperation(
    'rotateApiKey',
    mutationDocument('rotateApiKey', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state) } }),
    writeOutcome,
  ),
  {
    covers: 'createApiKey',
    name: 'createApiKey with the reach of the record',
    tellsApart: true,
    ask: (state) => {
      const tenants = KEY_TENANTS[state];
      const reach =
        tenants === null
          ? { reach: 'ORGANIZATION' }
          : {
              reach: 'TENANTS',
              tenantIdentifiers: (tenants.length > 0 ? tenants : (['gone'] as const)).map((name) => ({
                id: tenantIds[name],
              })),
            };
      return {
        document: mutationDocument('createApiKey', 'apiKey { id }'),
        variables: { input: { name: 'k', permissions: ['tenant:read'], ...reach } },
      };
    },
    outcome: writeOutcome,
    expected: (viewer, state) => {
      if (viewer.customer) return 'out_of_reach';
      if (holdsKey(viewer, state)) return 'done';
      return KEY_TENANTS[state] === null ? 'out_of_reach' : 'not_found';
    },
  },
  keyOperation(
    'revokeApiKeySecret',
    mutationDocument('revokeApiKeySecret', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state), secretId: oldSecretIds.get(state) ?? crypto.randomUUID() } }),
    writeOutcome,
  ),
  keyOperation(
    'revokeApiKey',
    mutationDocument('revokeApiKey', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state) } }),
    writeOutcome,
  ),
];
