import {
  buildClientSchema,
  GraphQLSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import committed from '../../schema.graphql?raw';
import { schema as capig } from '../../src/dialects/capig/schema.ts';
import { schema as plain } from '../../src/dialects/plain/schema.ts';
import { schema as prismatic } from '../../src/dialects/prismatic/schema.ts';
import { ERROR_CODES } from '../../src/directory/kernel/errors.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { printedSchema } from '../../src/graphql/printed.ts';
import { schema } from '../../src/graphql/schema.ts';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { newCustomer, rawId, succeed, unique } from '../shared/fixtures.ts';
import { ask, ROOT_KEY, send } from '../shared/gateway.ts';
import { posted } from './dialects/table.ts';

const typesOf = (of: GraphQLSchema) =>
  Object.values(of.getTypeMap()).filter((type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type));

describe('the schema', () => {
  it('is the one that is committed: `npm run schema` writes it', () => {
    expect(printedSchema() === committed, 'schema.graphql is stale').toBe(true);
  });

  it('says what the API is', () => expect(schema.description).toMatch(/^The directory of a B2B product/));

  it('says of every error when it is thrown, and with which codes: each code belongs to one', () => {
    const errors = schema.getPossibleTypes(schema.getType('MutationError') as never);
    const said = errors.map(({ description }) => description ?? '');
    expect(said.filter((description) => !/^Thrown when .*\.$/.test(description))).toEqual([]);
    const codes = said.flatMap((description) => description.match(/(?<=`)[a-z]+(_[a-z]+)+(?=`)/g) ?? []);
    expect(codes.toSorted()).toEqual([...ERROR_CODES].sort());
  });

  it('has no field at the root that takes its siblings along when it fails', () => {
    for (const root of [schema.getQueryType(), schema.getMutationType()]) {
      const required = Object.values(root?.getFields() ?? {}).filter(({ type }) => isNonNullType(type));
      expect(required.map(({ name }) => name)).toEqual([]);
    }
  });

  it('has mutations that take one input and answer a union of their payload and errors', () => {
    const errors = schema.getPossibleTypes(schema.getType('MutationError') as never).map(({ name }) => name);
    expect(errors.length).toBeGreaterThanOrEqual(5);
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      const name = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`;
      expect(field.args.map((arg) => `${arg.name}: ${arg.type}`)).toEqual([`input: ${name}Input!`]);
      expect(String(field.type)).toBe(`${name}Result`);
    }
  });
});

describe('every schema', () => {
  for (const [name, of] of Object.entries({ own: schema, plain, prismatic, capig })) {
    it(`describes every type, field, argument and enum value: ${name}`, () => {
      const undescribed: string[] = [];
      const check = (name: string, description: string | null | undefined) => {
        if (!description || description.length < 8) undescribed.push(name);
      };
      for (const type of typesOf(of)) {
        check(type.name, type.description);
        if (isEnumType(type))
          for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description);
        if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
        for (const field of Object.values(type.getFields())) {
          check(`${type.name}.${field.name}`, field.description);
          if ('args' in field)
            for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg.description);
        }
      }
      expect(undescribed).toEqual([]);
    });
  }

  it.each(GRAPHQL_APIS)('is told by introspection as it is in the source, at $path', async ({ path, schema: of }) => {
    const query = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true });
    const { data, text } = await send(posted(path, query, {}, ROOT_KEY));
    expect(data, text).toBeTruthy();
    const printed = (one: GraphQLSchema) => printSchema(lexicographicSortSchema(one));
    const { description: _, ...told } = of.toConfig();
    expect(printed(buildClientSchema(data as never))).toBe(printed(new GraphQLSchema(told)));
  });
});

describe('records', () => {
  const withNodes = GRAPHQL_APIS.filter(({ schema: of }) => of.getType('Node'));
  it.each(withNodes)('have ids and places in lists that are answered at once, at $path', ({ schema: of }) => {
    for (const type of typesOf(of).filter(isObjectType)) {
      const { id, nodes, pageInfo } = type.getFields();
      const isNode = type.getInterfaces().some(({ name }) => name === 'Node');
      const idOf = id?.resolve as ((record: object) => unknown) | undefined;
      if (isNode) expect(idOf?.({ id: 'a' }), type.name).toBe(btoa(`${type.name}:a`));
      if (nodes && pageInfo) expect(nodes.resolve, type.name).toBeUndefined();
    }
  });
});

describe('ids', () => {
  it('are found in upper case as in lower case', async () => {
    const { id } = await newCustomer();
    const upper = btoa(`Customer:${rawId(id).toUpperCase()}`);
    const { data } = await ask('query($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }', { id: upper });
    expect(data).toEqual({ customer: { id }, node: { id } });
  });
});

describe('what everyone with a credential may ask', () => {
  it('is which permissions there are, as the migrations have them', async () => {
    const { data } = await ask('{ permissions(first: 100) { nodes { name description } totalCount } }');
    expect(data.permissions.nodes.map(({ name }: { name: string }) => name)).toEqual([...PERMISSIONS].sort());
    expect(data.permissions.totalCount).toBe(PERMISSIONS.length);
  });

  it('is the organization, which is renamed', async () => {
    const name = unique('Organization');
    await succeed('updateOrganization', 'organization { id name }', { name });
    const { data } = await ask('{ organization { id name } }');
    expect(data.organization.name).toBe(name);
    const again = await ask('query($id: ID!) { node(id: $id) { ... on Organization { name } } }', {
      id: data.organization.id,
    });
    expect(again.data.node.name).toBe(name);
  });
});
