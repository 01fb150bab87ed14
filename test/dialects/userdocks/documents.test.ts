import { beforeAll, describe, expect, it } from 'vitest';
import page from '../../../docs/userdocks.md?raw';
import { ROUTES } from '../../../src/dialects/userdocks/routes.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { newKey, newTenant, rawId } from '../../shared/fixtures.ts';
import { send } from '../../shared/gateway.ts';
import bodyOfTheDocument from './body.txt?raw';
import { byGraphQL, byKey, call, DONE, type Headers, type Json, ORIGIN, organizationId, put, ROOT } from './calls.ts';
import answerToFailure from './error.txt?raw';
import exampleOfTheDocument from './example.txt?raw';
import { FIELDS } from './fields.ts';
import answerToSuccess from './success.txt?raw';

beforeAll(countChanges);

/** What stands in the document in place of values, by the name of the field. */
const VALUES: Record<string, unknown> = {
  companyTaxExempt: 'reverse',
  isBusinessCustomer: true,
  isInvoicePending: true,
  test: true,
  deleted: false,
  country: 'DE',
};

/** An object of the document as JSON: its comments, question marks and last commas gone, and values for its types. */
function objectOf(source: string, values: Json): Json {
  const text = source
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/^(\w+):/gm, '"$1":')
    .replaceAll('?"', '"')
    .replaceAll(/: (String|Boolean)/g, ': "$1"')
    .replaceAll(/,(\s*})/g, '$1');
  const filled = (value: unknown, name: string, parent: string): unknown => {
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filled(part, key, name)]));
    }
    if (value !== 'String' && value !== 'Boolean') return value;
    return values[name] ?? VALUES[name] ?? `the ${name} of ${parent || 'it'}`;
  };
  return Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, value]) => [name, filled(value, name, '')]));
}

/** The answer that the document shows: its keys, and the types of what is not null. */
const shapeOf = (source: string) =>
  Object.fromEntries(
    Object.entries(objectOf(source.replace(/^\/\/.*\n/, ''), { success: expect.any(Boolean) })).map(([name, value]) => [
      name,
      value === null || name === 'success' ? value : expect.any(String),
    ]),
  );

const addressOf = (field: string, more: Json = {}) => ({
  name: `the name of ${field}`,
  line1: `the line1 of ${field}`,
  line2: `the line2 of ${field}`,
  city: `the city of ${field}`,
  postalCode: `the postal_code of ${field}`,
  state: `the state of ${field}`,
  country: 'DE',
  type: null,
  ...more,
});

const BILLING = (parent: string) => ({
  companyName: `the companyName of ${parent}`,
  vatId: `the companyVATId of ${parent}`,
  taxType: `the companyTaxType of ${parent}`,
  taxExempt: 'REVERSE',
  isBusinessCustomer: true,
  isInvoicePending: true,
  oneTimePaymentValidThrough: `the stripeOneTimePaymentValidThru of ${parent}`,
});

describe('the requests of the document', () => {
  it('are answered: the body by itself', async () => {
    const tenant = await newTenant();
    const body = objectOf(bodyOfTheDocument, {});
    expect(Object.keys(body)).toHaveLength(13);
    const answer = await put(rawId(tenant.id), ROOT, body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toEqual(shapeOf(answerToSuccess));
    expect(await byGraphQL(tenant.id)).toMatchObject({
      name: 'the name of it',
      description: 'the description of it',
      test: true,
      billing: {
        ...BILLING('it'),
        shippingAddress: addressOf('shippingAddress'),
        billingAddress: addressOf('billingAddress'),
      },
    });
  });

  it('are answered: the example', async () => {
    const tenant = await newTenant();
    const id = rawId(tenant.id);
    const { secret } = await newKey();
    const [, url = '', method = '', headerSource = '', bodySource = ''] =
      /fetch\('([^']+)', \{\nmethod: '(\w+)',\nheaders: (\{.*?\n\}),\nbody: JSON\.stringify\((\{.*\n\})\);\n\}\);/s.exec(
        exampleOfTheDocument,
      ) ?? [];
    const headers: Headers = byKey(secret);
    for (const [, name = '', value = ''] of headerSource.matchAll(/^'([\w-]+)': (.*),$/gm)) {
      if (value !== 'String') headers[name] = value.replaceAll("'", '');
      expect(headers[name], name).toBeDefined();
    }
    const { pathname } = new URL(url.replace(':tenantId', id));
    const request = new Request(`${ORIGIN}${pathname}`, {
      method,
      headers,
      body: JSON.stringify(objectOf(bodySource, { id })),
    });
    const { status, text } = await send(request);
    expect(status, text).toBe(200);
    expect(JSON.parse(text)).toEqual(shapeOf(answerToSuccess));
    expect(Object.keys(JSON.parse(text))).toEqual(['success', 'message', 'error', 'data']);
    const of = (field: string) => addressOf(field, { type: `the type of ${field}` });
    expect((await byGraphQL(tenant.id)).billing).toEqual({
      ...BILLING('tenant'),
      shippingAddress: of('shippingAddress'),
      billingAddress: of('billingAddress'),
    });
  });

  it('change nothing as they stand, types for values, which JSON leaves out', async () => {
    const tenant = await newTenant();
    const before = await changes();
    const answer = await put(rawId(tenant.id), ROOT, { tenant: { shippingAddress: {}, billingAddress: {} } });
    expect(answer.json).toEqual(DONE);
    expect(await changes()).toBe(before);
  });

  it('fail as the document says', async () => {
    const answer = await put(newId(), ROOT, { kind: 'tenant' });
    expect(answer.json).toEqual(shapeOf(answerToFailure));
    expect(Object.keys(answer.json)).toEqual(['success', 'error', 'message', 'data']);
  });
});

describe('the page', () => {
  const row = (heading: string) =>
    page.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;

  it('has every operation, and no other', () => {
    const named = [...page.matchAll(/^\| `([A-Z]+) (\/\S+)` \|/gm)].map(([, method, path]) => `${method} ${path}`);
    const served = ROUTES.flatMap(({ path, operations }) =>
      [...operations.keys()].map((method) => `${method} ${path.source.replaceAll('\\', '').slice(1, -1)}`),
    );
    expect(named.sort()).toEqual(served.map((name) => name.replace(/\(.*\)/, ':tenantId')).sort());
  });

  it('has fields by the names that /graphql has', () => {
    const pairs = [...row('fields').matchAll(/`(\w+)`(?: is)? `(?:billing\.)?(\w+)`/g)];
    expect(pairs).toHaveLength(5);
    const known = Object.fromEntries(
      FIELDS.map(([field, value, own]) => [field, Object.keys((own(value).billing ?? {}) as object)[0]]),
    );
    for (const [, field = '', name = ''] of pairs) expect(known[field] ?? 'postalCode', field).toBe(name);
  });

  it('shows a request that works', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey();
    const values: Headers = { TENANT_ID: rawId(tenant.id), API_KEY: secret, ORGANIZATION_ID: organizationId };
    const filled = page.replaceAll('\\\n', '').replaceAll(/\$([A-Z_]+)/g, (_, name) => values[name] ?? '');
    const [, method = '', path = '', options = ''] = /^curl -sS -X (\w+) \/v1(\S+) (.*)$/m.exec(filled) ?? [];
    const headers = [...options.matchAll(/-H (["'])(\S+): (.*?)\1/g)].map(([, , name, value]) => [name, value]);
    const [, body] = /-d '(.*)'$/.exec(options) ?? [];
    expect((await call(method, path, Object.fromEntries(headers), body)).json).toEqual(DONE);
    expect((await byGraphQL(tenant.id)).billing).toMatchObject({
      vatId: 'DE123456789',
      billingAddress: { city: 'Bonn' },
    });
  });
});
