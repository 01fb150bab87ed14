import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';

/*
 * Requests that are refused, and say as much as possible that is wrong: for every API, of any size. They are plain data,
 * so that a Worker can be sent them as well as a server.
 */

/** A GraphQL API: where it is asked, and an operation with a variable `$v` that is an object. */
export interface Api {
  path: string;
  withObject: string;
}

export interface Oversized {
  what: string;
  path: string;
  method: string;
  body: string;
}

type Field = GraphQLField<unknown, unknown>;

const takesObject = ({ args }: Field) =>
  args.find(({ type }) => isInputObjectType(getNamedType(type)) && !isListType(type));

/** The first mutation that takes an object, with the fields that it stands below. */
function objectField(
  type: GraphQLObjectType | null | undefined,
  below: string[] = [],
): { path: string[]; field: Field } | null {
  for (const field of Object.values(type?.getFields() ?? {})) {
    if (takesObject(field)) return { path: [...below, field.name], field };
    const named = getNamedType(field.type);
    const found = isObjectType(named) && named.name.endsWith('Mutations') ? objectField(named, [field.name]) : null;
    if (found) return found;
  }
  return null;
}

/** What is asked of an API for the requests below. */
export function apiOf(path: string, schema: GraphQLSchema): Api {
  const found = objectField(schema.getMutationType());
  const argument = found && takesObject(found.field);
  if (!found || !argument) throw new Error(`No mutation at ${path} takes an object`);
  const opened = found.path.join(' { ');
  return {
    path,
    withObject: `mutation ($v: ${argument.type}) { ${opened}(${argument.name}: $v) { __typename } ${'}'.repeat(found.path.length)}`,
  };
}

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');

const objectOf = (count: number, part: (index: number) => [string, unknown]) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => part(index)));

const nested = (depth: number, opening: string, closing: string): string =>
  opening.repeat(depth) + closing.repeat(depth);

const LONGEST_DOCUMENT = 32_000;

/** Bodies of about this many characters, each of which something is wrong with, over and over. */
const bodies = ({ withObject }: Api, size: number): Record<string, string> => {
  const documentSize = Math.min(size, LONGEST_DOCUMENT);
  const document = (query: string, more: object = {}) => JSON.stringify({ query, ...more });
  const variable = (v: unknown) => document(withObject, { variables: { v } });
  const name = (characters: number) => 'n'.repeat(Math.max(1, characters));
  const lines = (characters: number) => '\n'.repeat(Math.max(1, characters));
  return {
    'a long operation name and undeclared variables': document(
      `query ${name(documentSize - 3000)} { ${times(110, (index) => `a${index % 20}(x: $u${index})`)} }`,
    ),
    'an operation name that no document may have': document(
      `query ${name(size)} { ${times(110, (index) => `a(x: $u${index})`)} }`,
    ),
    'unknown fields in a variable': variable(objectOf(Math.ceil(size / 15), (index) => [`unknown${index}`, 1])),
    'unknown fields with long texts': variable(objectOf(30, (index) => [`unknown${index}`, name(size / 30)])),
    'an unknown field with a long name': variable({ [name(size)]: 1 }),
    'many unknown fields with long names': variable(objectOf(20, (index) => [`n${index}${name(size / 20)}`, 1])),
    'a long text where an object belongs': variable(name(size)),
    'a long list where an object belongs': variable(Array.from({ length: Math.ceil(size / 10) }, () => 'x')),
    'a list of objects where an object belongs': variable(
      Array.from({ length: Math.ceil(size / 10) }, () => ({ a: 1 })),
    ),
    'deep lists where an object belongs': `{"query":${JSON.stringify(withObject)},"variables":{"v":${nested(size / 2, '[', ']')}}}`,
    'deep objects where text belongs': `{"query":${JSON.stringify(withObject)},"variables":{"v":{"name":${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}}}}`,
    'many lines and unknown fields': document(
      `{ ${lines(documentSize - 2000)} ${times(110, (index) => `u${index}`)} }`,
    ),
    'more lines than a document may have': document(`{ ${lines(size)} ${times(110, (index) => `u${index}`)} }`),
    'many lines and no end': document(`{ ${lines(documentSize - 100)} __typename `),
    'unknown fields with names as long as the document': document(
      `{ ${times(10, (index) => `u${index}${name(documentSize / 11)}`)} }`,
    ),
    'fields that contradict each other': document(
      `{ ${times(Math.min(380, documentSize / 40), (index) => `a: __typename @include(if: ${index % 2 === 0})`)} }`,
    ),
    'one field again and again': document(`{ nope ${'__typename '.repeat(Math.min(900, documentSize / 12))} }`),
    'one field with others below it again and again': document(
      `{ nope ${'__schema { types { name } } '.repeat(Math.min(240, documentSize / 28))} }`,
    ),
    'fields within fields again and again': document(
      `{ ${times(Math.min(20, documentSize / 200), () => `__schema { ${'types { name } '.repeat(10)} }`)} }`,
    ),
    'one fragment again and again': document(
      `{ ${'...F '.repeat(Math.min(300, documentSize / 10))} } fragment F on Query { ${'__schema { types { name } } '.repeat(60)} }`,
    ),
    'fragments that nothing uses': document(
      `{ __typename } ${times(Math.min(180, documentSize / 60), (index) => `fragment F${index} on Nope${index} { nope }`)}`,
    ),
    'variables that are declared twice': document(
      `query (${times(Math.min(300, documentSize / 30), () => '$same: Nope')}) { __typename }`,
    ),
    'a deep literal': document(`{ __typename(x: ${nested(Math.min(900, documentSize / 2), '[', ']')}) }`),
    'a long literal': document(`{ __typename(x: "${name(documentSize - 50)}") }`),
    'unknown directives': document(`{ ${times(25, (index) => `__typename @d${index}${name(documentSize / 30)}`)} }`),
    'an operation that is not there': document('{ __typename }', { operationName: name(size) }),
    'a parameter that is not there': document('{ __typename }', { [name(size)]: 1 }),
    'no JSON': `{"query": "${name(size)}`,
    'a list': `[${name(size)}]`,
    'empty fields': document(`{ ${'{'.repeat(900)}${'}'.repeat(900)} }`),
  };
};

/** Requests of about this many characters to a GraphQL API. */
export const oversizedAt = (api: Api, size: number): Oversized[] =>
  Object.entries(bodies(api, size)).map(([what, body]) => ({ what, path: api.path, method: 'POST', body }));

/** Requests of about this many characters where JSON is sent without GraphQL. */
export function oversizedJson(method: string, path: string, fields: readonly string[], size: number): Oversized[] {
  const long = 'n'.repeat(size);
  const of = (value: unknown) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, value])));
  const given: Record<string, string> = {
    'unknown fields': JSON.stringify(objectOf(Math.ceil(size / 15), (index) => [`unknown${index}`, 1])),
    'an unknown field with a long name': JSON.stringify({ [long]: 1 }),
    'long texts': of(long.slice(0, size / fields.length)),
    'long lists': of(Array.from({ length: Math.ceil(size / fields.length / 4) }, () => 1)),
    'objects with unknown fields': of(
      objectOf(Math.ceil(size / fields.length / 15), (index) => [`unknown${index}`, 1]),
    ),
    'deep lists': `{${fields.map((field) => `"${field}":${nested(size / fields.length / 2, '[', ']')}`).join()}}`,
    'no JSON': `{"${long}`,
  };
  return Object.entries(given).map(([what, body]) => ({ what, path, method, body }));
}
