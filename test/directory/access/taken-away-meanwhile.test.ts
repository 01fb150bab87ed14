import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RevokedMeanwhileError } from '../../../src/db/errors.ts';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { capig } from '../../dialects/capig/table.ts';
import { plain } from '../../dialects/plain/table.ts';
import { prismatic } from '../../dialects/prismatic/table.ts';
import { userdocks } from '../../dialects/userdocks/table.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  codeOf,
  eventsAbout,
  type Key,
  mutationDocument,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { type Answer, ask, graphqlRequest, meddled, overtaken, send } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { posted } from '../../walks/dialects/table.ts';

/*
 * Between the moment that a request begins with, and its write, anything may happen to who asks. The write decides: it
 * happens before or after, and never in between.
 */

let world: World;
beforeAll(async () => {
  world = await newWorld();
  await countChanges();
});

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

const tenantDocument = mutationDocument('createTenant', 'tenant { id }');
const createTenant = (key: string) => graphqlRequest(tenantDocument, { input: { name: unique('Tenant') } }, key);
const revoke = ({ id }: Pick<Key, 'id'>) => succeed('revokeApiKey', 'apiKey { id }', { id });
const isKnownNow = async (key: string) => expect((await ask('{ viewer { type } }', {}, key)).errors).toEqual([]);

/** Sends a request, with `task` done before the D1 call of this number. Nothing is changed but by that. */
async function sendOvertaken(request: Request, call: number, task: () => Promise<unknown>): Promise<Answer> {
  let afterwards = -1;
  const done = async () => {
    await task();
    afterwards = await changes();
  };
  const answer = await send(request, { DB: overtaken(call, done) });
  expect(await changes(), answer.text).toBe(afterwards);
  return answer;
}

describe('a key that is taken away while a write waits', () => {
  /** The last D1 call that a write of a known key makes before it is done. */
  const OPERATIONS: [name: string, request: (key: string) => Request, call: number][] = [
    ['/graphql', createTenant, 1],
    [
      'an import',
      (key) =>
        graphqlRequest(
          mutationDocument('importTenants', 'rows { outcome }'),
          { input: { rows: [{ externalId: unique('imported'), name: unique('Imported') }] } },
          key,
        ),
      2,
    ],
    ...[plain, prismatic, capig, userdocks].flatMap(({ operations }) =>
      operations
        .filter(({ writes, as }) => writes && !as)
        .slice(0, 2)
        .map(({ name, request }): (typeof OPERATIONS)[number] => [name, (key) => request(world, key), 1]),
    ),
  ];

  for (const [name, request, call] of OPERATIONS) {
    it(`writes nothing, and is no credential any more, at ${name}`, async () => {
      for (const isKnown of [true, false]) {
        const key = await newKey();
        if (isKnown) await isKnownNow(key.secret);
        const answer = await sendOvertaken(request(key.secret), isKnown ? call : call + 1, () => revoke(key));
        expect(answer.status, answer.text).toBe(401);
      }
    });
  }

  it('is refused likewise if its secret was replaced, or its only tenant deleted', async () => {
    const rotated = await newKey();
    await isKnownNow(rotated.secret);
    const rotate = () => succeed('rotateApiKey', 'secret', { id: rotated.id, overlapSeconds: 0 });
    expect((await sendOvertaken(createTenant(rotated.secret), 1, rotate)).status).toBe(401);

    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    await isKnownNow(secret);
    const pixel = { tenantIdentifier: { id: tenant.id }, name: unique('Pixel') };
    const request = graphqlRequest(mutationDocument('registerPixel', 'pixel { id }'), { input: pixel }, secret);
    const remove = () => succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    const { data, text } = await sendOvertaken(request, 1, remove);
    expect(data.registerPixel.code, text).toBe('not_found');
  });

  it('goes on where the change takes nothing from the write: it is made anew, once', async () => {
    const { id, secret } = await newKey();
    await isKnownNow(secret);
    const rotate = () => succeed('rotateApiKey', 'secret', { id });
    const answer = await send(createTenant(secret), { DB: overtaken(1, rotate) });
    expect(answer.data.createTenant.tenant.id, answer.text).toEqual(expect.any(String));
  });
});

describe('a permission that is taken away while a write waits', () => {
  it('is lacking, and nothing is written', async () => {
    for (const isKnown of [true, false]) {
      const { id } = await newRole({ scope: 'ORGANIZATION', permissions: PERMISSIONS });
      const token = await tokenOf((await newTeamMember({ roleIdentifier: { id } })).id);
      if (isKnown) await isKnownNow(token);
      const narrow = () => succeed('updateRole', 'role { id }', { id, permissions: ['tenant:read'] });
      const { data, text } = await sendOvertaken(createTenant(token), isKnown ? 1 : 2, narrow);
      expect(data.createTenant, text).toMatchObject({ code: 'insufficient_permissions' });
    }
  });
});

/** D1 that does what it is told by this call, and is not heard. */
const losingAnswer = (lost: number) =>
  meddled(async (call, run) => {
    const results = await run();
    if (call === lost) throw new Error('D1_ERROR: Network connection lost.');
    return results;
  });

describe('a request that writes more than once', () => {
  const twice = (first: string, key: string, variables = {}) =>
    graphqlRequest(
      `mutation($id: ID!, $name: String!) { first: ${first} second: createTenant(input: { name: $name }) { __typename } }`,
      { id: '', name: unique('Second'), ...variables },
      key,
    );

  it('ends where its key is revoked, keeps what is done, and does nothing again', async () => {
    const key = await newKey();
    await isKnownNow(key.secret);
    const name = unique('First');
    const request = graphqlRequest(
      `mutation { first: createTenant(input: { name: "${name}" }) { __typename }
        second: createTenant(input: { name: "${unique('Second')}" }) { __typename } }`,
      {},
      key.secret,
    );
    const { status, errors, text } = await sendOvertaken(request, 2, () => revoke(key));
    expect([status, errors.length], text).toEqual([200, 1]);
    expect(errors[0]).toMatchObject({ path: ['second'], extensions: { code: 'UNAUTHENTICATED' } });
    const { data } = await ask('query($s: String!) { tenants(filter: { search: $s }) { nodes { name } } }', {
      s: name,
    });
    expect(data.tenants.nodes).toEqual([{ name }]);
  });

  it('is told so by the APIs of others as well, in their words', async () => {
    const customer = (name: string) =>
      `${name}: createCustomer(input: { name: "${unique('C')}" }) { customer { id } errors { messages } }`;
    const upserted = (name: string) => `${name}: upsertTenant(input: {
      identifier: { externalId: "${unique('t')}" }, name: "${unique('T')}", externalId: "${unique('t')}"
    }) { result error { message type } }`;
    const { message } = new RevokedMeanwhileError();
    for (const [path, field, said] of [
      ['/api', customer, { errors: [{ messages: [message] }] }],
      ['/plain/graphql/v1', upserted, { error: { message, type: 'INTERNAL' } }],
    ] as const) {
      const key = await newKey();
      const document = `mutation { ${field('first')} ${field('second')} }`;
      const answer = await sendOvertaken(posted(path, document, {}, key.secret), 3, () => revoke(key));
      expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
      expect(answer.data).toMatchObject({ first: expect.any(Object), second: said });
    }
  });

  it('is not in its own way by what it changes of its own credential', async () => {
    const rotate = 'rotateApiKey(input: { id: $id }) { __typename }';
    for (const isKnown of [true, false]) {
      const { id, secret } = await newKey();
      if (isKnown) await isKnownNow(secret);
      const { errors, data } = await send(twice(rotate, secret, { id }));
      expect(errors).toEqual([]);
      expect(data.second.__typename).toBe('CreateTenantPayload');
    }
  });

  it('is never made anew after a write whose outcome is not known, even if that has changed its own credential', async () => {
    const rotate = 'rotateApiKey(input: { id: $id }) { __typename }';
    for (const isKnown of [true, false]) {
      for (const isAlone of [true, false]) {
        const { id, secret } = await newKey();
        if (isKnown) await isKnownNow(secret);
        const request = isAlone
          ? graphqlRequest(`mutation($id: ID!) { ${rotate} }`, { id }, secret)
          : twice(rotate, secret, { id });
        const answer = await send(request, { DB: losingAnswer(isKnown ? 1 : 2) });
        expect(codeOf(answer), answer.text).toBe('OUTCOME_UNKNOWN');
        expect((await eventsAbout(id)).filter((type) => type === 'apiKey.rotated')).toHaveLength(1);
      }
    }
  });

  it('ends where it has revoked its own key', async () => {
    const { id, secret } = await newKey();
    const answer = await send(twice('revokeApiKey(input: { id: $id }) { __typename }', secret, { id }));
    expect(codeOf(answer), answer.text).toBe('UNAUTHENTICATED');
    expect(answer.errors[0].path).toEqual(['second']);
    expect((await ask('{ viewer { type } }', {}, secret)).status).toBe(401);
  });
});

describe('a mutation of a known key', () => {
  it('is one D1 call, in which its key is checked', async () => {
    const { secret } = await newKey();
    await isKnownNow(secret);
    let calls = 0;
    const DB = meddled((call, run) => {
      calls = call;
      return run();
    });
    expect((await send(createTenant(secret), { DB })).status).toBe(200);
    // And one more behind the answer, if that notes that the key was used.
    expect(calls).toBeLessThanOrEqual(2);
    expect((await send(createTenant(secret))).calls).toBe(1);
  });
});
