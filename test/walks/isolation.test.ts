import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { holdsKey, KEY_OPERATIONS } from './isolation/api-keys.ts';
import { CUSTOMER_OPERATIONS } from './isolation/customers.ts';
import { ROLE_OPERATIONS } from './isolation/roles.ts';
import { OWN_TENANTS, SESSION_OPERATIONS, SIGNING_OUT } from './isolation/sessions.ts';
import { seesTenant, TENANT_OPERATIONS } from './isolation/tenants.ts';
import { ISSUER_OPERATIONS, seesIssuer } from './isolation/trusted-issuers.ts';
import { seesSource, USAGE_OPERATIONS } from './isolation/usage.ts';
import { SOURCE_STATES } from './isolation/usage-rows.ts';
import { USER_OPERATIONS } from './isolation/users.ts';
import { walk } from './isolation/walk.ts';
import { holdsWebhook, WEBHOOK_OPERATIONS } from './isolation/webhooks.ts';
import { CUSTOMERS, OF_TENANT_A, type State, sees, VIEWERS } from './isolation/world.ts';

describe('customers', () => {
  const states = Object.keys(CUSTOMERS) as State[];
  walk('customers', CUSTOMER_OPERATIONS, states, 'not existing', (viewer, state) => !sees(viewer, CUSTOMERS[state]));
});

describe('tenants', () => {
  const states = ['a', 'b', 'gone', 'none'] as const;
  const viewers = [...VIEWERS, OF_TENANT_A];
  walk('tenants', TENANT_OPERATIONS, states, 'none', (viewer, name) => !seesTenant(viewer, name), viewers);
});

describe('API keys', () => {
  walk(
    'API keys',
    KEY_OPERATIONS,
    ['organization', 'a', 'b', 'ab', 'none'],
    'none',
    (viewer, state) => !holdsKey(viewer, state),
  );
});

describe('trusted issuers', () => {
  walk(
    'trusted issuers',
    ISSUER_OPERATIONS,
    ['trusted', 'none'],
    'none',
    (viewer, state) => !seesIssuer(viewer, state),
  );
});

describe('data sources and their traffic', () => {
  const viewers = [...VIEWERS, OF_TENANT_A];
  walk('usage', USAGE_OPERATIONS, SOURCE_STATES, 'none', (viewer, state) => !seesSource(viewer, state), viewers);
});

describe('webhooks', () => {
  walk(
    'webhooks',
    WEBHOOK_OPERATIONS,
    ['organization', 'a', 'b', 'ab', 'none'],
    'none',
    (viewer, state) => !holdsWebhook(viewer, state),
  );
});

describe('the matrix', () => {
  it('has every operation that reaches records', () => {
    const covered = new Set(
      [
        CUSTOMER_OPERATIONS,
        TENANT_OPERATIONS,
        KEY_OPERATIONS,
        USER_OPERATIONS,
        ROLE_OPERATIONS,
        SESSION_OPERATIONS,
        OWN_TENANTS,
        SIGNING_OUT,
        ISSUER_OPERATIONS,
        USAGE_OPERATIONS,
        WEBHOOK_OPERATIONS,
      ]
        .flat()
        .map(({ covers }) => covers),
    );
    const everyone = ['permissions'];
    const all = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(all.filter((field) => !covered.has(field)).sort()).toEqual(everyone.sort());
  });
});
