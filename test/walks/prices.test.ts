import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema as capig } from '../../src/dialects/capig/schema.ts';
import { schema as plain } from '../../src/dialects/plain/schema.ts';
import { schema as prismatic } from '../../src/dialects/prismatic/schema.ts';
import { MAX_ASKED_PERMISSIONS, MAX_CHECKS } from '../../src/directory/access-checks/input.ts';
import { schema as own } from '../../src/graphql/schema.ts';
import {
  FILTERED_PAGE_COST,
  FILTERED_TOTAL_COST,
  ROOT_TOTAL_COST,
  TOTAL_COST,
} from '../../src/graphql/shared/prices.ts';
import { costOf, MAX_COST, priceOf } from '../../src/http/graphql/cost.ts';
import { CHECK_FIELDS } from '../shared/checks.ts';

const SCHEMAS: Record<string, GraphQLSchema> = { own, plain, prismatic, capig };

interface Placed {
  place: string;
  field: GraphQLField<unknown, unknown>;
}

/** Every field of a schema, but for those of introspection. */
const fieldsOf = (schema: GraphQLSchema): Placed[] =>
  Object.values(schema.getTypeMap())
    .filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values(isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}).map((field) => ({
        place: `${type.name}.${field.name}`,
        field,
      })),
    );

const isListOfRecords = ({ type }: GraphQLField<unknown, unknown>): boolean =>
  isListType(getNullableType(type)) && isCompositeType(getNamedType(type));

/** What a list is by Relay's word: something with edges, and with arguments for a page of them. */
const isConnection = ({ type, args }: GraphQLField<unknown, unknown>): boolean => {
  const named = getNamedType(type);
  return (isObjectType(named) && named.getFields().edges !== undefined) || args.some(({ name }) => name === 'first');
};

/** What has to be counted to be answered: a total, or a window of hours. */
const isCounted = ({ name, type }: GraphQLField<unknown, unknown>): boolean =>
  /^total(Count)?$|usage$/i.test(name) && (name === 'totalCount' || isObjectType(getNamedType(type)));

const priceless = (fields: readonly Placed[]): string[] =>
  fields.filter(({ field }) => Object.keys(priceOf(field)).length === 0).map(({ place }) => place);

const cost = (schema: GraphQLSchema, query: string, variables: Record<string, unknown> = {}) => {
  const document = parse(query);
  const [operation] = document.definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('No operation');
  return costOf(schema, document, operation, { variables: new Map(Object.entries(variables)) }).cost;
};

const itemOf = ({ type }: GraphQLField<unknown, unknown>): GraphQLObjectType | null => {
  const named = getNamedType(type);
  const nodes = isObjectType(named) ? named.getFields().nodes : undefined;
  const item = nodes ? getNamedType(nodes.type) : isListType(getNullableType(type)) ? named : null;
  return isObjectType(item) ? item : null;
};

const fieldsOfType = (type: GraphQLObjectType): GraphQLField<unknown, unknown>[] => Object.values(type.getFields());

/** All values of a record that take no arguments and no reading. */
const valuesOf = (type: GraphQLObjectType): string[] =>
  fieldsOfType(type)
    .filter((field) => isLeafType(getNamedType(field.type)) && field.extensions.link === undefined)
    .map(({ name }) => name);

/** The records that a record leads to, one each, by their id and name. */
const referencesOf = (type: GraphQLObjectType): string[] =>
  fieldsOfType(type).flatMap(({ name, type: to, args, extensions }) => {
    const target = getNamedType(to);
    const isOne =
      isObjectType(target) && extensions.link !== undefined && args.length === 0 && !isListType(getNullableType(to));
    const names = isOne ? Object.keys(target.getFields()).filter((field) => ['id', 'name'].includes(field)) : [];
    return names.length > 0 ? [`${name} { ${names.join(' ')} }`] : [];
  });

/** Every list below a page of a hundred records, with its own size, and each with two selections of its records. */
function nestedLists(): string[] {
  const roots = fieldsOfType(own.getQueryType() as GraphQLObjectType).filter(isConnection);
  return roots.flatMap((root) => {
    const record = itemOf(root);
    const lists = record ? fieldsOfType(record).filter((field) => itemOf(field) !== null) : [];
    return lists.flatMap((list) => {
      const item = itemOf(list) as GraphQLObjectType;
      const leads = referencesOf(item);
      // Roles are up to a hundred, and no page has a size for them.
      const isWhole = !isConnection(list);
      const selections = isWhole ? ['id name'] : [valuesOf(item).join(' '), ['__typename', ...leads].join(' ')];
      return selections.map((of) => {
        const nested = `${list.name} ${isConnection(list) ? `{ nodes { ${of} } pageInfo { hasNextPage endCursor } }` : `{ ${of} }`}`;
        return `{ ${root.name}(first: 100) { nodes { id ${nested} } pageInfo { endCursor } } }`;
      });
    });
  });
}

describe.each(Object.entries(SCHEMAS))('every price of the schema %s', (_, schema) => {
  const fields = fieldsOf(schema);

  it('says of a list of records, how short it may be, how often they count', () => {
    const lists = fields.filter(({ field }) => isListOfRecords(field));
    expect(lists.filter(({ field }) => priceOf(field).times === undefined).map(({ place }) => place)).toEqual([]);
  });

  it('stands at a connection, and its page size decides how often its records count', () => {
    const connections = fields.filter(({ field }) => isConnection(field));
    expect(priceless(connections)).toEqual([]);
    for (const { place, field } of connections) {
      const { rows } = priceOf(field);
      expect(rows, place).toMatchObject({ arguments: expect.arrayContaining(['first']) });
    }
    const rows = fields.filter(({ place }) => /Connection\.(edges|nodes)$/.test(place));
    for (const { place, field } of rows) expect(priceOf(field).times, place).toBe('ROWS');
  });

  it('stands at every value that is read for its record', () => {
    const read = fields.filter(
      ({ field }) => isLeafType(getNamedType(field.type)) && field.extensions.link !== undefined,
    );
    expect(priceless(read)).toEqual([]);
  });

  it('stands at what is counted to be answered', () => {
    expect(priceless(fields.filter(({ field }) => isCounted(field)))).toEqual([]);
  });

  it('stands at a mutation, also below a namespace, and at nothing else', () => {
    const root = schema.getMutationType();
    const mutations = new Set<string>();
    for (const field of Object.values(root?.getFields() ?? {})) {
      const type = getNamedType(field.type);
      const isNamespace = isObjectType(type) && type.name.endsWith('Mutations');
      for (const { name } of isNamespace ? Object.values(type.getFields()) : [field]) {
        mutations.add(`${isNamespace ? type.name : root?.name}.${name}`);
      }
    }
    const priced = fields.filter(({ field }) => priceOf(field).isMutation);
    expect(mutations.size).toBeGreaterThan(0);
    expect(priced.map(({ place }) => place).sort()).toEqual([...mutations].sort());
    for (const { field, place } of priced) expect(priceOf(field).own, place).toBe(100);
  });
});

describe('a list', () => {
  it('counts once only where something else bounds it: reasons of errors, what was sent, one e-mail address, the few secrets of a key, and the few types of Plain', () => {
    const covered = Object.entries(SCHEMAS).flatMap(([name, schema]) =>
      fieldsOf(schema).flatMap(({ place, field }) =>
        isListOfRecords(field) && priceOf(field).times === 1 ? [`${name} ${place}`] : [],
      ),
    );
    expect(covered.filter((place) => !/ \w+Payload\.errors$/.test(place)).sort()).toEqual([
      'capig Tenant.availableRoles',
      'capig User.roles',
      'own AccessCheck.answers',
      'own ApiKey.secrets',
      'own ImportedRow.errors',
      'own NotFoundError.references',
      'own PermissionInUseError.apiKeys',
      'own PermissionInUseError.roles',
      'own RecordTrafficPayload.entries',
      'own RoleInUseError.deletedTenants',
      'own ValidationError.issues',
      'plain Customer.identities',
      'plain MutationError.fields',
      'plain Query.subscriptionEventTypes',
      'plain Tenant.tenantFields',
      'plain Tenant.threadChannelAssociations',
      'plain WebhookTarget.eventSubscriptions',
    ]);
  });
});

describe('an operation', () => {
  it('costs a record 1, a value a tenth of that, a page 10, and its records as often as there may be, rounded up', () => {
    expect(cost(own, '{ viewer { type } }')).toBe(2);
    expect(cost(own, '{ customers(first: 10) { nodes { id name } } }')).toBe(10 + 1 + 10 * 1.2);
    expect(cost(own, '{ customers { nodes { id } pageInfo { hasNextPage } totalCount } }')).toBe(
      Math.ceil(10 + 1 + 25 * 1.1 + 1.1 + ROOT_TOTAL_COST),
    );
    expect(cost(own, 'query ($n: Int) { customers(first: $n) { edges { node { id } } } }', { n: 500 })).toBe(121);
    expect(cost(own, '{ nodes(ids: ["a", "b", "c"]) { id } }')).toBe(Math.ceil(1 + 3 * 1.1));
    expect(cost(own, '{ organizationRoles { name } }')).toBe(61);
    expect(cost(own, '{ users(first: 10) { nodes { viewerCanDelete } } }')).toBe(10 + 1 + 10 * 2);
  });

  it('is within its limit for every list with its own size below a page of 100, with all values or all that its records lead to', () => {
    const lists = nestedLists();
    expect(lists.length).toBeGreaterThan(15);
    expect(lists.map((query) => [cost(own, query), query]).filter(([price]) => Number(price) > MAX_COST)).toEqual([]);
  });

  it('is beyond its limit for more than ten thousand records, however few of their values are asked for', () => {
    for (const query of nestedLists().filter((list) => list.includes('{ nodes'))) {
      const many = query.replace(
        /(\w+) \{ nodes \{ [^}]+ (\{ [^}]+\} ?)*\} pageInfo \{ hasNextPage endCursor \}/,
        '$1(first: 100) { nodes { __typename }',
      );
      if (many !== query) expect(cost(own, many), many).toBeGreaterThan(MAX_COST);
    }
  });

  it('costs more to count all records of a kind, and those that a filter or a search leaves: few such counts fit', () => {
    const [filtered, whole] = [FILTERED_PAGE_COST + FILTERED_TOTAL_COST, 10 + ROOT_TOTAL_COST];
    const byVariable = 'query ($f: CustomersFilter) { customers(filter: $f) { totalCount } }';
    expect(cost(own, '{ customers(filter: { search: "ab" }, first: 1) { totalCount } }')).toBe(filtered);
    expect(cost(own, byVariable, { f: { search: 'ab' } })).toBe(filtered);
    expect(
      cost(
        own,
        '{ customers(filter: { kind: PERSON }) { ...T } } fragment T on QueryCustomersConnection { totalCount }',
      ),
    ).toBe(filtered);
    for (const f of [null, {}]) expect(cost(own, byVariable, { f })).toBe(whole);
    expect(cost(own, '{ customers(filter: {}, orderBy: { field: NAME }) { totalCount } }')).toBe(whole);
    expect(cost(own, '{ tenant(id: "a") { customers { totalCount } } }')).toBe(1 + 10 + TOTAL_COST);
    expect(cost(plain, '{ customers(filters: { isDeleted: true }) { totalCount } }')).toBe(
      FILTERED_PAGE_COST + FILTERED_TOTAL_COST * 2,
    );
    expect(Math.floor(MAX_COST / filtered)).toBeLessThan(5);
    expect(Math.floor(MAX_COST / whole)).toBeLessThan(10);
    expect(cost(prismatic, '{ customers(name_Icontains: "ab") { totalCount } }')).toBe(
      FILTERED_PAGE_COST + FILTERED_TOTAL_COST * 10,
    );
  });

  it('costs 10 and 1 for each 24 hours of usage, at the hub as at /graphql', () => {
    expect(cost(own, '{ tenant(id: "a") { usage { pixels { total } } } }')).toBe(Math.ceil(1 + 10 + 1 + 1.1));
    expect(cost(capig, '{ tenantUsage(tenantId: "a") { totalPixels } }')).toBe(Math.ceil(10 + 1 + 0.1));
  });

  it('costs 100 a mutation, and more for many rows', () => {
    expect(cost(own, 'mutation { signOut(input: {}) { __typename } }')).toBe(101);
    const rows = Array.from({ length: 3 }, () => ({ name: 'a' }));
    expect(
      cost(own, 'mutation ($rows: [ImportCustomerRow!]!) { importCustomers(input: { rows: $rows }) { __typename } }', {
        rows,
      }),
    ).toBe(Math.ceil(100 + 3 * 10 + 0.1));
    expect(
      cost(own, 'mutation { importUsers(input: { rows: [] }) { ... on ImportUsersPayload { rows { outcome } } } }'),
    ).toBe(Math.ceil(100 + 1 + 25 * 1.1));
  });

  it('costs 50 a check of a credential, and 5 each permission that is asked for, wherever they are given', () => {
    const document = (checks: string) => `query ($c: [AccessCheckInput!]!, $p: [PermissionCheckInput!], $t: String!) {
      checkAccess(checks: ${checks}) { isGood } }`;
    const permissions = [{ permission: 'a' }, { permission: 'b' }];
    const variables = { c: [{ credential: 'x', permissions }, { credential: 'y' }], p: permissions, t: 'x' };
    const [none, two] = [Math.ceil(1 + 2 * 50.1), Math.ceil(1 + 2 * 50.1 + 2 * 5)];
    expect(cost(own, document('$c'), variables)).toBe(two);
    expect(cost(own, document('[{ credential: $t, permissions: $p }, { credential: $t }]'), variables)).toBe(two);
    const literal =
      '[{ credential: "x", permissions: [{ permission: "a" }, { permission: "b" }] }, { credential: "y" }]';
    expect(cost(own, document(literal))).toBe(two);
    expect(cost(own, document('[{ credential: "x" }, { credential: "y", permissions: null }]'))).toBe(none);
    const asked = Array.from({ length: MAX_ASKED_PERMISSIONS / MAX_CHECKS }, () => ({ permission: 'a' }));
    const most = Array.from({ length: MAX_CHECKS }, () => ({ credential: 'x', permissions: asked }));
    const all = `query ($c: [AccessCheckInput!]!) { checkAccess(checks: $c) { ${CHECK_FIELDS} } }`;
    expect(cost(own, all, { c: most })).toBeLessThanOrEqual(MAX_COST);
  });

  it('pays for records that are skipped, and has 100 on a page if no number is given, where the API says so', () => {
    expect(cost(prismatic, '{ customers(offset: 5) { nodes { id } } }')).toBe(10 + 5 * 10 + 1 + 100 * 1.1);
  });
});
