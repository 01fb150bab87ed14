import { type GraphQLOutputType, type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema as capig } from '../../../src/dialects/capig/schema.ts';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { schema as plain } from '../../../src/dialects/plain/schema.ts';
import { rawId } from '../../shared/fixtures.ts';
import { ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { fieldsWithArguments, LEFT_OUT, type Place, withValue } from './optional-places.ts';
import { posted } from './table.ts';

/*
 * Programs send null or an empty string for what they do not ask for. Of everything that reads, each argument and each part of
 * one is left out, null and empty: that is always the same question, but for the few where nothing cannot be asked.
 */

let world: World;
beforeAll(async () => {
  world = await newWorld();
});

const customerId = () => toPlainId('Customer', rawId(world.customer.id));
const tenantId = () => toPlainId('Tenant', rawId(world.tenant.id));
const containing = (text: string) => ({ caseInsensitiveContains: text });

/** What has to be given, by the name of the operation. */
const REQUIRED: Record<string, () => Variables> = {
  tenant: () => ({ tenantId: rawId(world.tenant.id) }),
  tenantUsage: () => ({ tenantId: rawId(world.tenant.id) }),
  searchTenants: () => ({ searchQuery: { term: world.tenant.externalId } }),
  customer: () => ({ customerId: customerId() }),
  customerByEmail: () => ({ email: world.customer.email }),
  customerByExternalId: () => ({ externalId: world.customer.externalId }),
  searchCustomers: () => ({ searchQuery: { or: [{ email: containing(world.customer.email) }] } }),
};

/** What has exactly one of its fields, and a value for each of them. */
const EXACTLY_ONE: Record<string, () => Variables> = {
  TenantIdentifierInput: () => ({ tenantId: tenantId(), externalId: world.tenant.externalId }),
  CustomerSearchCondition: () => ({
    fullName: containing(world.customer.name),
    email: containing(world.customer.email),
    externalId: containing(world.customer.externalId),
  }),
};

/** Where nothing cannot be asked for, and how it is refused: what is null, and what is empty. */
const REFUSED: Record<string, { null?: string; empty?: string }> = {
  'tenants filters.tenantIds': { empty: 'filters.tenantIds must not be empty' },
  'searchTenants filters.tenantIds': { empty: 'filters.tenantIds must not be empty' },
  'customers filters.tenantIdentifiers': { empty: 'filters.tenantIdentifiers must not be empty' },
  'searchCustomers filters.tenantIdentifiers': { empty: 'filters.tenantIdentifiers must not be empty' },
  'searchCustomers searchQuery.or': { null: 'searchQuery.or is required', empty: 'searchQuery.or must not be empty' },
};
for (const field of ['fullName', 'email', 'externalId']) {
  const path = `searchQuery.or.0.${field}`;
  const required = `${path}.caseInsensitiveContains is required`;
  REFUSED[`searchCustomers ${path}`] = { empty: required };
  REFUSED[`searchCustomers ${path}.caseInsensitiveContains`] = {
    null: required,
    empty: `${path}.caseInsensitiveContains must not be empty`,
  };
}

/** How a field below a record is asked for. */
const WITHIN: Record<string, (asked: string) => string> = {
  Query: (asked) => asked,
  Customer: (asked) => `customer(customerId: "${customerId()}") { ${asked} }`,
};

/** What tells one answer from another: ids and permissions, and where a page ends. */
function selectionOf(type: GraphQLOutputType, depth = 0): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const parts = Object.values(named.getFields()).flatMap(({ name, type: below }) => {
    if (['id', 'permissions', 'totalPixels', 'hasNextPage', 'hasPreviousPage'].includes(name)) return [name];
    const isWay = ['edges', 'node', 'tenant', 'pageInfo'].includes(name) && !isLeafType(getNamedType(below));
    return isWay && depth < 4 ? [`${name} ${selectionOf(below, depth + 1)}`] : [];
  });
  return `{ __typename ${parts.join(' ')} }`;
}

const SCHEMAS: [dialect: string, schema: GraphQLSchema, path: string][] = [
  ['plain', plain, '/plain/graphql/v1'],
  ['capig', capig, '/hub/graphql/'],
];

describe.each(SCHEMAS)('%s', (_, schema, path) => {
  const roots = [schema.getMutationType()?.name];
  const reads = fieldsWithArguments(schema).filter(({ type }) => !roots.includes(type) && !type.endsWith('Mutations'));

  it('has a way to every field that takes arguments', () => {
    expect(reads.map(({ type }) => type).filter((type) => !(type in WITHIN))).toEqual([]);
  });

  for (const { type, field, places } of reads) {
    if (places.length === 0) continue;
    const [{ operation }] = places as [Place];

    it(`takes nothing for nothing in every argument of ${operation}`, async () => {
      const declared = field.args.map((argument) => `$${argument.name}: ${argument.type}`).join(', ');
      const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
      const asked = `${field.name}(${passed}) ${selectionOf(field.type)}`;
      const ask = (variables: Variables) =>
        send(posted(path, `query(${declared}) { ${WITHIN[type]?.(asked)} }`, variables, ROOT_KEY));
      for (const place of places) {
        const required = REQUIRED[operation]?.() ?? {};
        const alternatives = place.parent === null ? undefined : EXACTLY_ONE[place.parent]?.();
        const name = place.path.split('.').at(-1) ?? '';
        const siblings = alternatives ? Object.keys(alternatives).filter((sibling) => sibling !== name) : [''];
        for (const sibling of siblings) {
          const object = place.path.slice(0, -name.length - 1);
          const rest = alternatives ? withValue(required, object, { [sibling]: alternatives[sibling] }) : required;
          const left = await ask(withValue(rest, place.path, LEFT_OUT));
          for (const [what, value] of [['null', null] as const, ['empty', place.empty] as const]) {
            if (value === undefined) continue;
            const why = `${operation} ${place.path} is ${what}${sibling && `, beside ${sibling}`}`;
            const { status, data, text } = await ask(withValue(rest, place.path, value));
            const refusal = REFUSED[`${operation} ${place.path}`]?.[what];
            if (refusal !== undefined) {
              expect([status, text.includes(refusal)], `${why}: ${text}`).toEqual([400, true]);
              continue;
            }
            expect([left.status, status], `${why}: ${text}`).toEqual([200, 200]);
            expect(data, why).toEqual(left.data);
          }
        }
      }
    });
  }
});
