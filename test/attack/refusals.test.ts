import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { SIGN_IN_ENDPOINTS } from '../../src/http/auth/sign-in-endpoints.ts';
import { MAX_ERRORS_OF_A_KIND, MAX_MESSAGE_CHARACTERS } from '../../src/http/graphql/limits.ts';
import { Tally } from '../shared/counts.ts';
import { allBut, newCustomer, newCustomerUser, newKey, newTenant } from '../shared/fixtures.ts';
import { type Answer, ask, graphqlRequest, send } from '../shared/gateway.ts';
import { GRAPHQL_APIS } from './apis.ts';
import { type Envelope, endpointEnvelope, faultOf, graphQLEnvelope, userDocksEnvelope } from './claims.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { apiOf, type Oversized, oversizedAt, oversizedJson } from './oversized.ts';
import { sized } from './size.ts';

/** With a credential that may do next to nothing. */
let key: string;
/** Somebody who may set a tenant of Userdocks. */
let writer: string;
let tenantId: string;

beforeAll(async () => {
  key = (await newKey({ access: 'READ', permissions: ['tenant:read'] })).secret;
  writer = (await newKey()).secret;
  tenantId = (await newTenant()).id;
});

const sent = ({ path, method, body }: Oversized, secret: string): Promise<Answer> =>
  send(
    new Request(`https://tenantry.test${path}`, {
      method,
      body,
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
      },
    }),
  );

interface Kind {
  name: string;
  envelope: Envelope;
  of(size: number): Oversized[];
  secret(): string;
}

const KINDS: readonly Kind[] = [
  ...GRAPHQL_APIS.map(({ path, schema }) => ({
    name: path,
    envelope: graphQLEnvelope,
    of: (size: number) => oversizedAt(apiOf(path, schema), size),
    secret: () => key,
  })),
  {
    name: '/v1',
    envelope: userDocksEnvelope,
    of: (size) => oversizedJson('PUT', `/v1/tenants/${tenantId}`, ['name', 'billing', 'companyName', 'vatId'], size),
    secret: () => writer,
  },
  ...Object.keys(SIGN_IN_ENDPOINTS).map((path) => ({
    name: path,
    envelope: endpointEnvelope,
    of: (size: number) => oversizedJson('POST', path, ['email', 'password', 'token', 'refreshToken', 'tenantId'], size),
    secret: () => key,
  })),
];

describe('a refusal', () => {
  it('is at most 16 KiB in every API, however much was sent, and whatever is wrong with it', async () => {
    const dice = newDice();
    const tally = new Tally();
    let tried = 0;
    for (const { name, envelope, of, secret } of KINDS) {
      const whats = of(1000).length;
      for (let index = 0; index < whats * sized(4); index += 1) {
        const { seed } = dice;
        const size = 500 + dice.below(dice.one([5_000, 32_000, 980_000]));
        const request = of(size)[index % whats];
        if (!request) throw new Error('There is one of each');
        const answer = await sent(request, secret());
        const place = `${name}: ${request.what}, ${size} characters, ATTACK_SEED=${seed}`;
        expect(faultOf(answer, envelope), place).toBeNull();
        tally.add(String(answer.status));
        tried += 1;
      }
    }
    printTried(tried, 'oversized requests', tally.outcomes);
  });

  it('shows ten errors of a kind, each with the beginning of its message and its place', async () => {
    for (const { path } of GRAPHQL_APIS) {
      const query = `{\n${Array.from({ length: 110 }, (_, index) => `  ${'u'.repeat(200)}${index}`).join('\n')}\n}`;
      const { errors, status } = await sent({ what: '', path, method: 'POST', body: JSON.stringify({ query }) }, key);
      expect(status).toBe(400);
      expect(errors).toHaveLength(MAX_ERRORS_OF_A_KIND);
      errors.forEach(({ message, locations }, index) => {
        expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
        expect(locations).toEqual([{ line: index + 2, column: 3 }]);
      });
    }
  });

  it('says where in the document something failed, whatever stands around it', async () => {
    const customer = await newCustomer();
    await newCustomerUser(customer.id);
    const { secret } = await newKey({ permissions: allBut('role:read') });
    const query =
      '# a comment\r\nquery($id: ID!) {\r  customer(id: $id) {\n\n    users { nodes { role { name } } } } }';
    const forbidden = await ask(query, { id: customer.id }, secret);
    expect(forbidden.errors).toMatchObject([{ locations: [{ line: 5, column: 21 }] }]);
    const unknown = await ask(query.replace('role', 'nope'), { id: customer.id }, secret);
    expect(unknown.errors).toMatchObject([{ locations: [{ line: 5, column: 21 }] }]);
    const unfinished = await ask(query.slice(0, -1), { id: customer.id }, secret);
    expect(unfinished.errors).toMatchObject([{ locations: [{ line: 5, column: 41 }] }]);
  });

  it('has the status of all that failed, and logs it, also what it does not show', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const bad = Array.from(
      { length: MAX_ERRORS_OF_A_KIND + 1 },
      (_, index) => `a${index}: tenants(first: -1) { nodes { id } }`,
    );
    const broken = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: () => Promise.reject(new Error('D1 is gone')),
    };
    const request = graphqlRequest(`{ ${bad.join(' ')} good: tenants { nodes { id } } }`, {});
    const { status, errors } = await send(request, { DB: broken as unknown as D1Database });
    expect(status).toBe(500);
    const codes = errors.map(({ extensions }) => extensions.code);
    expect(codes.filter((code) => code === 'BAD_USER_INPUT')).toHaveLength(MAX_ERRORS_OF_A_KIND);
    expect(codes.at(-1)).toBe('INTERNAL_SERVER_ERROR');
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('names as many items of a variable as it shows, with 400', async () => {
    for (const count of [1, 10, 51, 9_000]) {
      const ids = Array.from({ length: count }, () => ({ not: 'an id' }));
      const { status, errors } = await ask('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }, key);
      expect(status).toBe(400);
      expect(errors).toHaveLength(Math.min(count, MAX_ERRORS_OF_A_KIND));
      for (const { extensions, message } of errors) {
        expect(extensions.code).toBe('BAD_USER_INPUT');
        expect(message).toContain('"$ids" has invalid value at [');
      }
    }
  });
});
