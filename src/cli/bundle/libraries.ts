import { readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';

/** Files of libraries that nothing here needs, and why. Each is replaced by one with the same exports, which do nothing. */
const NOT_NEEDED = [
  // What GraphQL Yoga does for its pages and its HTTP, and another server's: only its engine is used (`getResultForParams`).
  /graphql-yoga\/esm\/plugins\/(use-graphiql|use-health-check|use-unhandled-route|use-result-processor)\.js$/,
  /graphql-yoga\/esm\/plugins\/request-parser\/.*\.js$/,
  /graphql-yoga\/esm\/plugins\/request-validation\/use-limit-(batching|request-body-size)\.js$/,
  /@whatwg-node\/server\/esm\/(uwebsockets|plugins\/useCors)\.js$/,
  // Errors are masked here, and what it caches by is given to it.
  /@envelop\/core\/esm\/plugins\/use-masked-errors\.js$/,
  /graphql-yoga\/esm\/utils\/create-lru-cache\.js$/,
  // What takes global ids apart where they are arguments, and what they lead to: both are ours (src/graphql/shared/ids.ts, node.ts).
  /@pothos\/core\/esm\/utils\/input\.js$/,
  /@pothos\/plugin-relay\/esm\/utils\/resolve-nodes\.js$/,
  // JSON Schema of the schemas of Zod.
  /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/,
  // What reads values that contain themselves, which no JSON does. Zod asks for it, and goes without where it gets nothing.
  /zod\/v4\/core\/memoizer\.js$/,
  // Columns of another database, and of kinds that no table has.
  /drizzle-orm\/pg-core\/columns\/enum\.js$/,
  /drizzle-orm\/sqlite-core\/columns\/(blob|numeric|real)\.js$/,
  // Channels for who watches a process of Node.
  /graphql\/diagnostics\.mjs$/,
  // The schema is printed in order, and served as it was made.
  /graphql\/utilities\/lexicographicSortSchema\.mjs$/,
];

/** Rules for documents that find nothing in them: the schema does not have their directives. */
const FINDING_NOTHING = /graphql\/validation\/rules\/DeferStream\w+Rule\.mjs$/;

/** What makes a server of the engine of GraphQL Yoga: the engine alone will do. */
const SERVER_ADAPTER = /@whatwg-node\/server\/esm\/createServerAdapter\.js$/;

type Change = readonly [from: string | RegExp, to: string];

/** Files of libraries that are changed in places, each of which is there once. */
const CHANGED: readonly { file: RegExp; changes: readonly Change[] }[] = [
  // What judges schemas: they are the same whenever the Worker starts, and a test judges them.
  {
    file: /graphql\/type\/validate\.mjs$/,
    changes: [['export function validateSchema(', 'export const validateSchema = () => []; function validated(']],
  },
  {
    file: /graphql\/type\/assertName\.mjs$/,
    changes: [['export function assertName(', 'export const assertName = (name) => name; function asserted(']],
  },
  {
    file: /graphql\/validation\/specifiedRules\.mjs$/,
    changes: [[/(?<=specifiedSDLRules = )Object\.freeze\(.*?\)/s, '[]']],
  },
  // Pothos makes the extensions of each type, field and argument for it alone. To copy them into objects without a prototype takes
  // a thirtieth of all that is done until the first answer.
  {
    file: /graphql\/jsutils\/toObjMap\.mjs$/,
    changes: [
      [
        'export function toObjMapWithSymbols(',
        'export const toObjMapWithSymbols = (given) => given ?? Object.create(null); function copied(',
      ],
    ],
  },
  // What declares arguments is the same for all types: once a builder is enough.
  {
    file: /@pothos\/core\/esm\/fieldUtils\/root\.js$/,
    changes: [[/new InputFieldBuilder\(this\.builder, 'Arg'\)\.argBuilder\(\)/, '(this.builder.ofArguments ??= $&)']],
  },
  // The fields of a type are made when a document names it. Few documents name many types, and to make all fields took a third of all
  // that was done until the first answer to `{ __typename }`, and a sixth where that was a list. Only mutations make types as their
  // fields are made, the unions of their results.
  // So Pothos asks a type for its fields when it has to build them,
  {
    file: /@pothos\/core\/esm\/config-store\.js$/,
    changes: [
      ['this.onPrepare(()=>{\n                        ref.onField(', 'this.onNeed(config, ()=>{ ref.onField('],
      [
        'onPrepare(cb) {',
        `onNeed({ kind, name }, cb) {
          if (kind === 'Object' || kind === 'InputObject') this.needed.set(name, cb);
          else this.onPrepare(cb);
        }
        need(name) {
          const cb = this.needed.get(name);
          this.needed.delete(name);
          cb?.();
        }
        $&`,
      ],
      ['getFields(name, kind) {', '$& this.need(name);'],
      ['this.builder = builder;', '$& this.needed = new Map();'],
    ],
  },
  // which is when GraphQL asks for them,
  {
    file: /@pothos\/core\/esm\/build-cache\.js$/,
    changes: [
      [/(?<=type instanceof GraphQLInputObjectType\) \{\s+)type\.getFields\(\);/, ''],
      ['type instanceof GraphQLObjectType || type instanceof GraphQLInterfaceType', "type.name === 'Mutation'"],
    ],
  },
  // and GraphQL does not look through fields for more types: it is given all.
  {
    file: /graphql\/type\/schema\.mjs$/,
    changes: [
      ['import { __Schema, ', 'import { introspectionTypes, '],
      [
        'collectReferencedTypes(__Schema, allReferencedTypes);',
        'for (const type of introspectionTypes) allReferencedTypes.add(type);',
      ],
      [
        'function collectReferencedTypes(',
        'const collectReferencedTypes = (type, typeSet) => typeSet.add(getNamedType(type)); function collected(',
      ],
    ],
  },
  // The loader asks for the process of Node. To have that made takes a thirtieth of all that is done until the first answer, and in a
  // Worker it comes to the same to ask the runtime.
  {
    file: /dataloader\/index\.js$/,
    changes: [
      ["typeof process === 'object' && typeof process.nextTick === 'function'", 'true'],
      ['process.nextTick(', 'queueMicrotask('],
    ],
  },
];

/** The names that a module exports: where it declares them, and in a list. */
const exportsOf = (source: string): string[] => [
  ...[...source.matchAll(/^export (?:async )?(?:function|const|let|class) (\w+)/gm)].map(([, name = '']) => name),
  ...[...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').flatMap(
      (entry) =>
        entry
          .trim()
          .split(/\s+as\s+/)
          .at(-1) || [],
    ),
  ),
];

/** Returns a module with the exports of that at `path`, all of which answer the same. */
function answering(answer: string, path: string): string {
  const names = exportsOf(readFileSync(path, 'utf8')).map((name) => `none as ${name}`);
  return `const none = () => ${answer}; export default none; export { ${names.join(', ')} };`;
}

/** Returns a source with its changes. */
function changed(source: string, changes: readonly Change[]): string {
  return changes.reduce((before, [from, to]) => {
    const places = before.split(from).length - 1;
    if (places !== 1) throw new Error(`A library has ${from} in ${places} places.`);
    return before.replace(from, to);
  }, source);
}

/** Puts other sources in the place of some files of libraries. */
export const withLibrariesChanged: Plugin = {
  name: 'with-libraries-changed',
  buildEnd() {
    const paths = [...this.getModuleIds()];
    const files = [...NOT_NEEDED, FINDING_NOTHING, SERVER_ADAPTER, ...CHANGED.map(({ file }) => file)];
    const unmet = files.filter((file) => !paths.some((path) => file.test(path)));
    if (unmet.length > 0) throw new Error(`Libraries have no file ${unmet.join(', ')} any more.`);
  },
  load(path) {
    if (NOT_NEEDED.some((file) => file.test(path))) return answering('undefined', path);
    if (FINDING_NOTHING.test(path)) return answering('({})', path);
    if (SERVER_ADAPTER.test(path)) return 'export const createServerAdapter = (engine) => engine;';
    const change = CHANGED.find(({ file }) => file.test(path));
    return change && changed(readFileSync(path, 'utf8'), change.changes);
  },
};
