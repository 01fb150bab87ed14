import { LINK_PATHS } from '../../src/http/shared/page.ts';
import type { Dice } from '../shared/dice.ts';
import { PUBLIC_URL } from '../shared/gateway.ts';
import type { Scene } from './attackers.ts';
import { SHORT_TEXTS } from './nonsense.ts';

/** Everything that answers, and some of what does not. */
export const PATHS = [
  '/graphql',
  '/plain/graphql/v1',
  '/plain/graphql/v1/',
  '/api',
  '/api/',
  '/hub/graphql',
  '/hub/graphql/',
  '/clients/token',
  '/v1/tenants/me',
  '/v1/users/me',
  '/auth/sign-in',
  '/auth/token',
  '/auth/refresh',
  '/auth/request-password-reset',
  '/auth/meta',
  '/auth/revoke',
  '/oauth/token',
  '/embedded/authenticate',
  ...Object.values(LINK_PATHS),
  '/health',
  '/.well-known/jwks.json',
] as const;

const STRANGE_PATHS = [
  '/',
  '//graphql',
  '/graphql/..;/health',
  '/GRAPHQL',
  '/graphql%00',
  '/v1/tenants/%E0%A4%A',
  '/v1/tenants/..%2f..%2fme',
  '/v1/tenants//',
  '/v1/tenants/me/me',
  '/.env',
  '/graphiql/',
  '/pages/accept-invitation',
  '/auth/',
  '/auth/__proto__',
  '/__proto__',
  '/constructor',
  '/plain/x',
  '/hub',
  '/clients/tokens',
  '/oauth/authorize',
  '/embedded/',
  `/${'x'.repeat(8000)}`,
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const BODILESS = ['GET', 'HEAD'];

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json;boundary="',
  'APPLICATION/JSON',
  'application/jsonp',
  'application/graphql',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'text/plain',
  '*/*',
  ';',
];

const ACCEPTED = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'text/html',
  'text/event-stream',
  'multipart/mixed',
  'image/png;q=0',
  ',,;q=x',
];

const HEADER_NAMES = [
  'origin',
  'cf-connecting-ip',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-http-method-override',
  'access-control-request-method',
  'access-control-request-headers',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'if-none-match',
  'range',
  'cookie',
  'expect',
  'x-api-key',
  'x-api-key-type',
  'x-client-id',
  'x-request-id',
];

const HEADER_VALUES = [
  '',
  '0',
  '-1',
  '1',
  '99999999999',
  'NaN',
  'null',
  'gzip',
  'br, gzip',
  'chunked',
  'bytes=0-1,5-',
  'https://evil.example',
  '127.0.0.1, ::1',
  'DELETE',
  'write',
  'read',
  'x'.repeat(60_000),
];

const JWT_PARTS = ['', 'e30', 'eyJhbGciOiJub25lIn0', 'eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLyJ9', '____', 'x'.repeat(9000)];

function badCredential(dice: Dice, { attackers }: Scene): string | null {
  return dice.one<() => string | null>([
    () => null,
    () => 'Bearer',
    () => 'Bearer  ',
    () => `Basic ${btoa('root:root')}`,
    () => `Bearer ${dice.one(JWT_PARTS)}.${dice.one(JWT_PARTS)}.${dice.one(JWT_PARTS)}`,
    () => `Bearer ${dice.one(attackers).token}x`,
    () => `Bearer tenantry_${'0'.repeat(32)}_${'f'.repeat(64)}_00000000`,
    () => `Bearer ${'y'.repeat(50_000)}`,
    () => `bearer\t${dice.one(attackers).token.slice(0, 20)}`,
  ])();
}

/** What is sent where, so that some of it comes far enough to be looked at. */
const SENSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  graphql: [
    { query: '{ __typename }' },
    { query: '{ __typename }', variables: null, operationName: 1 },
    { query: 'query A { __typename } query B { __typename }', operationName: 'C' },
    [{ query: '{ __typename }' }, { query: '{ __typename }' }],
    { query: ['{ __typename }'], extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
    { query: '', id: '1' },
  ],
  'sign-in': [
    { email: 'nobody@x.example', password: 'x'.repeat(200), tenantId: 'x' },
    { email: ['a'], password: { $ne: 1 } },
  ],
  token: [
    { token: 'e30.e30.e30', customerId: 'x' },
    { token: `${btoa('{"alg":"none"}')}.${btoa('{"iss":"x","aud":[]}')}.`, customer: {} },
  ],
  refresh: [{ refreshToken: 'x' }, { refreshToken: { a: 1 } }],
  invitation: [{ token: 'x', password: 'correct horse, battery staple' }],
  reset: [{ email: 'nobody@x.example' }, { token: '\ud800', password: 'correct horse, battery staple' }],
  tenants: [{ name: 'x' }, { name: null, billing: [] }, { url: 'abc', status: 'x' }],
};

const nested = (levels: number): string => `${'{"a":['.repeat(levels)}1${']}'.repeat(levels)}`;

function bytes(dice: Dice, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => dice.below(256));
}

async function gzipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Response(text).body?.pipeThrough(new CompressionStream('gzip')) ?? null;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function sensibleFor(path: string, dice: Dice): string {
  const fitting = Object.keys(SENSIBLE).filter(
    (part) => path.includes(part) || (part === 'graphql' && path === '/api'),
  );
  const part = dice.one(fitting.length > 0 ? fitting : Object.keys(SENSIBLE));
  return JSON.stringify(dice.one(SENSIBLE[part] ?? []));
}

async function badBody(path: string, dice: Dice): Promise<BodyInit | null> {
  const sensible = sensibleFor(path, dice);
  return dice.one<() => BodyInit | null | Promise<BodyInit>>([
    () => null,
    () => '',
    () => bytes(dice, 1 + dice.below(2000)),
    () => sensible.slice(0, dice.below(sensible.length)),
    () => sensible.replaceAll(/"[^"]*"/g, () => (dice.happens(30) ? JSON.stringify(dice.one(SHORT_TEXTS)) : '"query"')),
    () => nested(1 + dice.below(20_000)),
    () => '[]',
    () => `"${dice.one(SHORT_TEXTS)}"`,
    () => `\ufeff${sensible}`,
    () => gzipped(sensible),
    () =>
      new URLSearchParams({ grant_type: 'client_credentials', client_id: dice.one(SHORT_TEXTS), client_secret: 'x' }),
    () => 'grant_type=client_credentials&client_id=%&client_secret=%zz&grant_type=',
    () => `--x\r\nContent-Disposition: form-data; name="${dice.one(['grant_type', 'client_id', 'a'])}"\r\n\r\n1`,
    () => `--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${sensible}\r\n--x--\r\n`,
    () => 'x'.repeat(17_000),
  ])();
}

function queryString(dice: Dice): string {
  if (dice.happens(60)) return '';
  return dice.one([
    () => '?',
    () => '?query=%7B__typename%7D',
    () => '?query=mutation%7B__typename%7D',
    () => `?query=%7B__typename%7D&variables=${encodeURIComponent(nested(1 + dice.below(500)))}`,
    () => '?query=%7B__typename%7D&variables=%7B%7D&extensions=%5B&operationName=',
    () => '?query=%E0%A4%A&query=2&=&&',
    () => `?query=${'x'.repeat(1 + dice.below(20_000))}`,
    () => '?query[]=1&query[__proto__]=1&__proto__[a]=1',
    () => `?${encodeURIComponent(dice.one(SHORT_TEXTS).toWellFormed())}=1`,
  ])();
}

/** The methods that have an answer there. */
const methodsAt = (path: string): readonly string[] => {
  if (path.startsWith('/v1/')) return ['GET', 'PUT'];
  if (path === '/health' || path.startsWith('/.well-known')) return ['GET', 'HEAD'];
  return path === '/graphql' ? ['GET', 'POST'] : ['POST'];
};

/** A request as somebody might make one who has no manners. Of some, everything is wrong; of most, a part. */
export async function randomRequest(dice: Dice, scene: Scene): Promise<Request> {
  const ids = [...scene.known.tenants, ...SHORT_TEXTS.map((text) => text.replaceAll('\ud800', ''))];
  const path = dice.happens(85)
    ? dice.one([...PATHS, `/v1/tenants/${encodeURIComponent(dice.one(ids).toWellFormed())}`])
    : dice.one(STRANGE_PATHS);
  const isRight = () => dice.happens(75);
  const method = dice.one(isRight() ? methodsAt(path) : METHODS);
  const headers = new Headers();
  const type = isRight() ? 'application/json' : dice.one(['', ...CONTENT_TYPES]);
  if (type !== '') headers.set('content-type', type);
  if (dice.happens(50)) headers.set('accept', dice.one(ACCEPTED));
  const authorization = isRight() ? `Bearer ${dice.one(scene.attackers).token}` : badCredential(dice, scene);
  if (authorization !== null) headers.set('authorization', authorization);
  for (const name of dice.some(HEADER_NAMES, 3)) headers.set(name, dice.one(HEADER_VALUES));
  const body = isRight() ? sensibleFor(path, dice) : await badBody(path, dice);
  const url = `${PUBLIC_URL}${path}${queryString(dice)}`;
  return new Request(url, { method, headers, body: BODILESS.includes(method) ? null : body });
}
