import { type GraphQLSchema, isRequiredArgument } from 'graphql';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { schema as capigSchema } from '../../src/dialects/capig/schema.ts';
import { schema as plainSchema } from '../../src/dialects/plain/schema.ts';
import { schema as prismaticSchema } from '../../src/dialects/prismatic/schema.ts';
import { schema as ownSchema } from '../../src/graphql/schema.ts';
import { SIGN_IN_ENDPOINTS } from '../../src/http/auth/sign-in-endpoints.ts';
import { capig } from '../dialects/capig/table.ts';
import { plain } from '../dialects/plain/table.ts';
import { prismatic } from '../dialects/prismatic/table.ts';
import { KINDS as ISSUERS, newScene, rsa, seconds, sign } from '../directory/trusted-issuers/scene.ts';
import { assign, newKey, newTeamMember, rawId, unique } from '../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, send, type Variables } from '../shared/gateway.ts';
import { PASSWORD, tokenOf } from '../shared/people.ts';
import { rewind } from '../shared/rewind.ts';
import type { DialectTable } from '../walks/dialects/table.ts';
import { MUTATIONS } from '../walks/mutations.ts';
import { lastingWorld, type OperationWorld } from '../walks/operations.ts';
import { QUERIES } from '../walks/queries.ts';
import { printTried } from './counts.ts';
import { type Asked, askedOf, documentOf, type Place, placesIn, sampleOf, withValueAt } from './input-fields.ts';
import { asText, KINDS, named, nonsenseFor } from './nonsense.ts';
import { sized } from './size.ts';

/** What nobody is told: how it is stored, where the program broke, or that it did. */
const SECRETS =
  /D1_|SQLITE|no such (column|table)|near "|\.ts:\d|\n\s+at |INTERNAL_SERVER_ERROR|went wrong on our side/;

let world: OperationWorld;
let key: string;
let token: string;

beforeAll(async () => {
  key = (await newKey()).secret;
  const { id } = await newTeamMember({ roleIdentifier: { name: 'owner' } });
  world = await lastingWorld();
  await assign(id, world.otherTenant.id, 'view');
  token = await tokenOf(id);
});

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(String(line)));
});
afterEach(() => vi.restoreAllMocks());

let tried = 0;

/** What is wrong with an answer to nonsense; nothing else may be, whatever was refused or even done. */
function fault({ status, text, headers }: Answer): string | undefined {
  const line = logged.find((one) => one.includes(headers.get('x-request-id') ?? 'no id'));
  const [secret] = SECRETS.exec(text) ?? [];
  if (status < 500 && line === undefined && secret === undefined) return undefined;
  return `${status} ${secret ?? ''} ${text.slice(0, 200)} ${line ?? ''}`;
}

/** Nonsense in one place, as a request. */
interface Attempt {
  place: string;
  value: unknown;
  request: Request;
}

/** Most of a request is waiting for D1. */
const AT_ONCE = 10;

/** Sends nonsense, and returns what is wrong with the answers. What was changed or deleted comes back now and then. */
async function faultsOf(attempts: readonly Attempt[], isRewound: boolean): Promise<string[]> {
  const faults: string[] = [];
  for (let start = 0; start < attempts.length; start += AT_ONCE) {
    const together = attempts.slice(start, start + AT_ONCE);
    const answers = await Promise.all(together.map(({ request }) => send(request)));
    for (const [index, { place, value }] of together.entries()) {
      const wrong = fault(answers[index] as Answer);
      if (wrong) faults.push(`${place} ${named(value)}: ${wrong}`);
    }
    if (isRewound) await rewind().run();
  }
  tried += attempts.length;
  return faults;
}

const SHOWN_FAULTS = 12;
const expectHarmless = async (attempts: readonly Attempt[], isRewound = false) => {
  const faults = await faultsOf(attempts, isRewound);
  expect(faults.slice(0, SHOWN_FAULTS), `${faults.length} faults in ${attempts.length} attempts`).toEqual([]);
};

/** What a client would send to an operation, by the names of its arguments. */
type BaseOf = (asked: Asked) => Variables;

interface GraphQLApi {
  path: string;
  schema: GraphQLSchema;
  baseOf: BaseOf;
  /** Of what is asked about the caller, who signs in. */
  byUser?: readonly string[];
}

const namesOf = ({ field }: Asked) => field.args.map(({ name }) => name);
const known = (variables: Variables, names: readonly string[]): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name)));

/** The variables of the tables that the walks go through, as far as their names are those of the arguments. */
function baseFrom(given: readonly Variables[], asked: Asked): Variables {
  const names = namesOf(asked);
  const usual = Object.assign({}, ...given.map((variables) => known(variables, names)));
  const required = asked.field.args.filter(isRequiredArgument);
  const made = Object.fromEntries(required.map(({ name, type }) => [name, sampleOf(type, name)]));
  return { ...made, ...usual };
}

const ownBase: BaseOf = (asked) => {
  const name = asked.field.name;
  const given = [
    ...QUERIES.filter(({ field }) => field === name),
    ...MUTATIONS.filter((mutation) => mutation.name === name),
  ];
  return baseFrom(
    given.map(({ variables }) => variables?.(world) ?? {}),
    asked,
  );
};

/** What the walk of a dialect sends, from its requests. */
function dialectApi(path: string, schema: GraphQLSchema, { operations }: DialectTable): GraphQLApi {
  const bodies = new Map<string, Variables>();
  return {
    path,
    schema,
    baseOf: (asked) => baseFrom([bodies.get(asked.field.name) ?? {}], asked),
    ...{ load: () => load(bodies, operations) },
  };
}

async function load(bodies: Map<string, Variables>, operations: DialectTable['operations']): Promise<void> {
  for (const { name, request } of operations) {
    const body = JSON.parse(await request(world, key).text());
    bodies.set(name.split('.').at(-1) ?? name, body.variables);
  }
}

const APIS: (GraphQLApi & { load?: () => Promise<void> })[] = [
  {
    path: '/graphql',
    schema: ownSchema,
    baseOf: ownBase,
    byUser: ['signOut', 'revokeSession', 'switchTenant', 'updateViewer', 'sessions'],
  },
  dialectApi('/plain/graphql/v1', plainSchema, plain),
  dialectApi('/api', prismaticSchema, prismatic),
  dialectApi('/hub/graphql', capigSchema, capig),
];

const posted = (path: string, body: unknown, credential: string): Request =>
  new Request(`${PUBLIC_URL}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** How many kinds of nonsense each place gets: all are more than anybody waits for, and every place gets one. */
const PER_PLACE = sized(10);
/** In every third request the values stand in the document, where scalars are read in another way. */
const INLINE_EVERY = 3;

/** For what comes before a field: the ids of records that there are. */
const way = ({ needed }: Asked): Variables =>
  Object.fromEntries(
    needed.map(({ name, type }) => [
      name,
      ['String', 'ID'].includes(String(type).replace('!', '')) ? world.tenant.id : sampleOf(type, name),
    ]),
  );

for (const api of APIS) {
  const { path, schema, baseOf, byUser = [] } = api;
  const all = askedOf(schema);

  describe(`nonsense at ${path}`, () => {
    beforeAll(() => api.load?.());
    beforeEach(() => rewind().run());

    for (const asked of all) {
      it(`breaks nothing in the arguments of ${asked.name}`, async () => {
        const credential = byUser.includes(asked.field.name) ? token : key;
        const base = baseOf(asked);
        const usual = { query: documentOf(schema, asked), variables: { ...way(asked), ...base } };
        expect((await send(posted(path, usual, credential))).text).not.toContain('GRAPHQL_VALIDATION_FAILED');
        const attempts = placesIn(asked).flatMap((place, index) =>
          nonsenseFor(place.taken, PER_PLACE, all.indexOf(asked) + index).map((value, count): Attempt => {
            const args = withValueAt(asked, base, place, value);
            const isInline = (index + count) % INLINE_EVERY === 0;
            const query = documentOf(schema, asked, isInline ? args : undefined);
            const variables = isInline ? way(asked) : { ...way(asked), ...args };
            return { place: place.path.join('.'), value, request: posted(path, { query, variables }, credential) };
          }),
        );
        await expectHarmless(attempts, asked.operation === 'mutation');
      });
    }

    it('breaks nothing in what a request is made of', async () => {
      const request: Variables = { query: '{ __typename }', variables: {}, operationName: null, extensions: {} };
      const inParts = ['query', 'variables', 'operationName', 'extensions', 'abc'].flatMap((part, turn) =>
        nonsenseFor('text', sized(KINDS), turn).flatMap((value): Attempt[] => {
          const text = encodeURIComponent(String(JSON.stringify(value)).toWellFormed().slice(0, 4000).toWellFormed());
          const byGet = new Request(`${PUBLIC_URL}${path}?query=%7B__typename%7D&${part}=${text}`, {
            headers: { authorization: `Bearer ${key}` },
          });
          return [posted(path, { ...request, [part]: value }, key), byGet].map((one) => ({
            place: part,
            value,
            request: one,
          }));
        }),
      );
      const wholes = nonsenseFor('other', sized(KINDS), 0).map(
        (value): Attempt => ({ place: 'body', value, request: posted(path, JSON.stringify(value), key) }),
      );
      await expectHarmless([...inParts, ...wholes]);
    });
  });
}

/** Every place in a JSON object: its members, and those within them. */
const placesOf = (value: unknown, path: readonly string[] = []): Place[] => {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, part]) => placesOf(part, [...path, name]))
      : [];
  return path.length === 0 ? below : [{ path, taken: typeof value === 'string' ? 'text' : 'other' }, ...below];
};

const replaced = (base: unknown, [step, ...rest]: readonly string[], value: unknown): unknown =>
  step === undefined ? value : { ...(base as object), [step]: replaced((base as Variables)[step], rest, value) };

/** JSON of every place of which one after the other is nonsense. */
const spoiled = (base: Variables, count: number) =>
  placesOf(base).flatMap(({ path, taken }, turn) =>
    nonsenseFor(taken, count, turn).map((value) => ({
      place: path.join('.'),
      value,
      body: replaced(base, path, value) as Variables,
    })),
  );

describe('nonsense at /v1', () => {
  beforeEach(() => rewind().run());
  const ask = (method: string, path: string, headers: HeadersInit, body?: unknown) =>
    new Request(`${PUBLIC_URL}/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it('breaks nothing in a body, however it is spelled', async () => {
    const authorization = { authorization: `Bearer ${key}` };
    const path = `/tenants/${rawId(world.tenant.id)}`;
    const address = {
      name: 'a',
      city: 'a',
      country: 'a',
      line1: 'a',
      line2: 'a',
      postal_code: 'a',
      state: 'a',
      type: 'a',
    };
    await send(ask('PUT', path, authorization, { billingAddress: address, shippingAddress: address }));
    const tenant = JSON.parse((await send(ask('GET', path, authorization))).text).data;
    expect(placesOf(tenant).length).toBeGreaterThan(25);
    const base = { kind: 'tenant', tenant: { ...tenant, billingAddress: { ...address, deleted: false } } };
    await expectHarmless(
      [...spoiled(tenant, PER_PLACE), ...spoiled(base, PER_PLACE)].map(({ place, value, body }) => ({
        place,
        value,
        request: ask('PUT', path, authorization, body),
      })),
      true,
    );
  });

  it('breaks nothing in a path or a header', async () => {
    const authorization = { authorization: `Bearer ${key}` };
    const headers = { 'x-api-key': key, 'x-api-key-type': 'write', 'x-client-id': rawId(world.tenant.id) };
    const attempts = nonsenseFor('text', sized(KINDS), 0).flatMap((value): Attempt[] => {
      const text = asText(value).slice(0, 4000).toWellFormed();
      const path = `/tenants/${encodeURIComponent(text)}`;
      // What no header can carry, no client can send.
      const asHeader = /^[\x21-\x7e]+$/.test(text) ? Object.keys(headers) : [];
      return [
        ask('GET', path, authorization),
        ask('PUT', path, authorization, { name: 'a' }),
        ...asHeader.map((name) => ask('GET', '/tenants/me', { ...headers, [name]: text })),
      ].map((request) => ({ place: 'path or header', value, request }));
    });
    await expectHarmless(attempts);
  });
});

describe('nonsense from strangers', () => {
  beforeEach(() => rewind().run());
  let address = 0;
  /** From somebody else each time, so that nobody is locked out for trying too often. */
  const sent = (path: string, body: unknown): Request => {
    address += 1;
    return new Request(`${PUBLIC_URL}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'cf-connecting-ip': `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`,
      },
      body: JSON.stringify(body),
    });
  };

  const PER_STEP = sized(KINDS);

  /** What each step takes, as somebody would send it. */
  const STEPS: Record<string, (scene: Awaited<ReturnType<typeof newScene>>) => Variables | Promise<Variables>> = {
    '/auth/sign-in': () => ({ email: `${unique('nobody')}@x.example`, password: PASSWORD, tenantId: world.tenant.id }),
    '/auth/token': async ({ claims }) => ({ token: await sign(claims) }),
    '/auth/refresh': () => ({ refreshToken: 'abc' }),
    '/auth/accept-invitation': () => ({ token: 'abc', password: PASSWORD, name: 'Ada' }),
    '/auth/request-password-reset': () => ({ email: `${unique('nobody')}@x.example` }),
    '/auth/reset-password': () => ({ token: 'abc', password: PASSWORD }),
  };

  /** And what programs send, some of it where we take something else. */
  const STEPS_OF_PROGRAMS: [string, (typeof STEPS)[string]][] = [
    ['/auth/refresh', async () => ({ refresh_token: (await newKey()).secret, tenant_id: '' })],
    ['/auth/revoke', async () => ({ refresh_token: (await newKey()).secret })],
    ['/embedded/authenticate', async () => ({ token: await sign((await ISSUERS.EMBEDDED.newScene()).claims) })],
  ];

  it('is tried at every step of signing in', () => {
    expect(Object.keys(STEPS).sort()).toEqual(Object.keys(SIGN_IN_ENDPOINTS).sort());
  });

  for (const [path, baseOf] of [...Object.entries(STEPS), ...STEPS_OF_PROGRAMS]) {
    it(`breaks nothing at ${path}`, async () => {
      const inParts = spoiled(await baseOf(await newScene()), PER_STEP);
      const wholes = nonsenseFor('other', PER_STEP, 1).map((value) => ({ place: 'body', value, body: value }));
      await expectHarmless(
        [...inParts, ...wholes].map(({ place, value, body }) => ({ place, value, request: sent(path, body) })),
      );
    });
  }

  it.each(Object.entries(ISSUERS))(
    'breaks nothing in what a trusted issuer of the kind %s signed',
    async (kind, issuers) => {
      const { claims } = await issuers.newScene();
      const now = seconds();
      const base = {
        ...claims,
        name: 'Ada',
        role: 'member',
        external_id: unique('a'),
        iat: now,
        exp: now + 60,
        nbf: now,
        jti: 'a',
      };
      const tokens = [
        ...spoiled(base, PER_PLACE).map(({ place, value, body }) => ({ place, value, token: sign(body) })),
        ...nonsenseFor('text', PER_STEP, 2).map((value) => ({
          place: 'kid',
          value,
          token: sign(claims, { ...rsa, kid: asText(value) }),
        })),
      ];
      const attempts = await Promise.all(
        tokens.map(async ({ place, value, token: signing }): Promise<Attempt[]> => {
          // What no issuer can sign, nobody brings.
          const signed = await signing.catch(() => null);
          if (signed === null) return [];
          if (kind === 'STANDARD') return [{ place, value, request: sent('/auth/token', { token: signed }) }];
          const page = posted('/api', { query: '{ authenticatedUser { id } }' }, signed);
          return [sent('/embedded/authenticate', { token: signed }), page].map((request) => ({
            place,
            value,
            request,
          }));
        }),
      );
      await expectHarmless(attempts.flat());
    },
  );

  it('breaks nothing in the form at /clients/token', async () => {
    const { id, secret } = await newKey();
    const base = { grant_type: 'client_credentials', client_id: rawId(id), client_secret: secret };
    const form = (given: Record<string, string>, file?: string): FormData => {
      const data = new FormData();
      for (const [name, text] of Object.entries(given)) data.append(name, text);
      if (file !== undefined) data.set(file, new File([given[file] ?? ''], 'abc'));
      return data;
    };
    const post = (body: BodyInit, headers: HeadersInit = {}) =>
      new Request(`${PUBLIC_URL}/clients/token`, { method: 'POST', headers, body });
    const inParts = [...Object.keys(base), 'abc'].flatMap((place, turn) =>
      nonsenseFor('text', PER_STEP, turn).flatMap((value): Attempt[] => {
        const given = { ...base, [place]: asText(value) };
        const bodies = [new URLSearchParams(given), form(given), form(given, place)];
        return bodies.map((body) => ({ place, value, request: post(body) }));
      }),
    );
    const types = [
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'application/x-www-form-urlencoded; charset=utf-99',
    ];
    const wholes = types.flatMap((type) =>
      ['', 'abc', '--abc\r\n\r\n', '%', '=&=&%00=%ff'].map(
        (value): Attempt => ({ place: type, value, request: post(value, { 'content-type': type }) }),
      ),
    );
    await expectHarmless([...inParts, ...wholes]);
  });

  it('was tried as often as said', () => {
    printTried(tried, 'requests with nonsense in one place');
    expect(tried).toBeGreaterThan(0);
  });
});
