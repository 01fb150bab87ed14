import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as successor from '@team-plain/graphql';
import type { DocumentNode, GraphQLObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/dialects/plain/schema.ts';

const SOURCES = new URL('node_modules/@team-plain/typescript-sdk/src/graphql/', import.meta.url);

type GraphQL = typeof import('graphql');

// As Node finds it, which is where the schema comes from: Vitest would import another build of the same package.
const require = createRequire(import.meta.url);
const { parse, validate }: GraphQL = require('graphql');

/** The packages bring a GraphQL of their own: what it prints is what they send. */
const { print }: { print: (document: unknown) => string } = createRequire(require.resolve('@team-plain/graphql'))(
  'graphql',
);

const fields = (type: GraphQLObjectType | null | undefined) => Object.keys(type?.getFields() ?? {});
const SERVED = new Set([...fields(schema.getQueryType()), ...fields(schema.getMutationType())]);

interface Sent {
  name: string;
  text: string;
  document: DocumentNode;
}

/** Whether an operation asks only for what the dialect serves. */
function isServed({ definitions }: DocumentNode): boolean {
  return definitions.some(
    (definition) =>
      definition.kind === 'OperationDefinition' &&
      definition.selectionSet.selections.every((field) => field.kind === 'Field' && SERVED.has(field.name.value)),
  );
}

const ofServed = (documents: readonly { name: string; text: string }[]): Sent[] =>
  documents
    .map(({ name, text }) => ({ name, text, document: parse(text) }))
    .filter(({ document }) => isServed(document));

const read = (path: string) => readFileSync(new URL(path, SOURCES), 'utf8');

/** The fragments of the older client by their names, with those that they use. */
const fragments = new Map(
  readdirSync(new URL('fragments/', SOURCES)).map((file) => {
    const text = read(`fragments/${file}`);
    return [/fragment (\w+)/.exec(text)?.[1] ?? '', text];
  }),
);

function withFragments(text: string): string {
  const used = new Set<string>();
  const collect = (source: string) => {
    for (const [, name = ''] of source.matchAll(/\.\.\.\s*(\w+)/g)) {
      const fragment = fragments.get(name);
      if (fragment === undefined || used.has(name)) continue;
      used.add(name);
      collect(fragment);
    }
  };
  collect(text);
  return [text, ...[...used].map((name) => fragments.get(name) ?? '')].join('\n');
}

const older = ofServed(
  ['queries', 'mutations'].flatMap((directory) =>
    readdirSync(new URL(`${directory}/`, SOURCES)).map((file) => ({
      name: file,
      text: withFragments(read(`${directory}/${file}`)),
    })),
  ),
);

const newer = ofServed(
  Object.entries(successor).flatMap(([name, value]) =>
    /Document$/.test(name) && typeof value === 'object' ? [{ name, text: print(value) }] : [],
  ),
);

/** Those of the contract that the older client has no document for. */
const NOT_IN_OLDER = [
  'deleteTenant',
  'myPermissions',
  'regenerateWorkspaceHmac',
  'searchCustomers',
  'subscriptionEventTypes',
  'webhookVersions',
  'workspaceHmac',
];

describe('every document of the published clients for what is served', () => {
  it('is found', () => {
    const asked = (sent: readonly Sent[]) =>
      new Set(
        sent.flatMap(({ document }) =>
          document.definitions.flatMap((definition) =>
            definition.kind === 'OperationDefinition'
              ? definition.selectionSet.selections.map((field) => (field.kind === 'Field' ? field.name.value : ''))
              : [],
          ),
        ),
      );
    expect([...asked(newer)].sort()).toEqual([...SERVED].sort());
    expect([...asked(older), ...NOT_IN_OLDER].sort()).toEqual([...SERVED].sort());
  });

  for (const sent of [...older, ...newer]) {
    it(`fits the schema: ${sent.name}`, () => {
      expect(validate(schema, sent.document).map(({ message }) => message)).toEqual([]);
    });
  }
});
