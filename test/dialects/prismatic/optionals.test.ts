import {
  type GraphQLField,
  type GraphQLInputField,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../../src/dialects/prismatic/schema.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { type Result, unique } from '../../shared/fixtures.ts';
import { ROOT_KEY, type Variables } from '../../shared/gateway.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { api, CUSTOMER_ADMIN } from './api.ts';
import { prismatic } from './table.ts';

/*
 * What null and the empty text say, for every field of every input and every argument of every list there is, as clients
 * of the document take for granted: on create both are none; on update null stays, and the empty text clears.
 */

type Field = GraphQLField<unknown, unknown>;

const fieldsOf = (type: unknown): Field[] => (isObjectType(type) ? Object.values(type.getFields()) : []);

/** What clients send who have no value, besides null, for a type that has anything like it. */
function emptiesOf({ type }: Pick<GraphQLInputField, 'type'>): unknown[] {
  const isText = ['String', 'ID'].includes(getNamedType(type).name);
  if (!isListType(getNullableType(type))) return isText ? ['', ' '] : [];
  return isText ? [[], [''], ''] : [[]];
}

/** A value that a field can have, which no other record has. */
function sampleOf({ name, type }: GraphQLInputField): unknown {
  const given: Variables = { avatarUrl: `https://x.example/${unique('avatar')}.png`, role: CUSTOMER_ADMIN };
  if (name in given) return given[name];
  if (getNamedType(type).name !== 'String') throw new Error(`Say what ${name} can be`);
  return isListType(getNullableType(type)) ? [unique(name)] : unique(name);
}

interface Mutation {
  name: string;
  fields: GraphQLInputField[];
  /** What the payload calls the record. */
  record: string;
  /** The fields of the record, by their names. */
  shown: Map<string, Field>;
}

const MUTATIONS = fieldsOf(schema.getMutationType()).map(({ name, args, type }): Mutation => {
  const input = getNamedType(args[0]?.type);
  if (!isInputObjectType(input)) throw new Error(`${name} has no input`);
  const record = fieldsOf(getNullableType(type)).find(
    (field) => field.name !== 'errors' && isObjectType(getNamedType(field.type)),
  );
  if (!record) throw new Error(`${name} answers no record`);
  const shown = new Map(fieldsOf(getNamedType(record.type)).map((field) => [field.name, field]));
  const fields = Object.values(input.getFields()).filter((field) => field.name !== 'clientMutationId');
  return { name, fields, record: record.name, shown };
});

const called = (verb: string) => MUTATIONS.filter(({ name }) => name.startsWith(verb));

interface Outcome {
  record: Result | null;
  /** The fields that are wrong. */
  wrong: string[];
}

async function run({ name, fields, record, shown }: Mutation, input: Variables): Promise<Outcome> {
  const selections = fields.flatMap((field) => {
    const output = shown.get(field.name);
    if (!output) return [];
    return isObjectType(getNamedType(output.type)) ? [`${field.name} { id }`] : [field.name];
  });
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const { data, errors, text } = await api(
    `mutation($input: ${type}!) { ${name}(input: $input) { ${record} { id ${selections.join(' ')} } errors { field } } }`,
    { input },
  );
  expect(errors, text).toEqual([]);
  return { record: data[name][record], wrong: data[name].errors.map(({ field }: Result) => field) };
}

/** A value of a record as an input has it. */
const asGiven = (value: unknown) =>
  typeof value === 'object' && value !== null && 'id' in value ? value.id : (value ?? null);

let world: World;
beforeAll(async () => {
  world = await newWorld();
  await countChanges();
});

/** An input that is done, with other values each time. */
async function inputOf({ name }: Mutation): Promise<Variables> {
  const operation = prismatic.operations.find((known) => known.name === name);
  if (!operation) throw new Error(`${name} is not in the table`);
  return JSON.parse(await operation.request(world, ROOT_KEY).text()).variables.input;
}

it('every mutation is one that creates, changes or deletes', () => {
  expect(['create', 'update', 'delete'].flatMap(called).length).toBe(MUTATIONS.length);
});

for (const mutation of called('create')) {
  describe(mutation.name, () => {
    for (const field of mutation.fields) {
      const { name } = field;
      if (isRequiredInputField(field)) {
        it(`is refused without a value for ${name}, which it needs`, async () => {
          const before = await changes();
          for (const empty of emptiesOf(field)) {
            const { record, wrong } = await run(mutation, { ...(await inputOf(mutation)), [name]: empty });
            expect([record, wrong], JSON.stringify(empty)).toEqual([null, [name]]);
          }
          expect(await changes()).toBe(before);
        });
        continue;
      }
      it(`makes a record without ${name} of null and of the empty text, as if it had been left out`, async () => {
        const { [name]: _, ...without } = await inputOf(mutation);
        const none = await run(mutation, without);
        expect(none.wrong).toEqual([]);
        expect([null, []]).toContainEqual(none.record?.[name]);
        for (const empty of [null, ...emptiesOf(field)]) {
          const { record, wrong } = await run(mutation, { ...(await inputOf(mutation)), [name]: empty });
          expect([wrong, record?.[name]], JSON.stringify(empty)).toEqual([[], none.record?.[name]]);
        }
        const sample = sampleOf(field);
        const { record } = await run(mutation, { ...(await inputOf(mutation)), [name]: sample });
        expect(asGiven(record?.[name])).toEqual(sample);
      });
    }
  });
}

for (const mutation of called('update')) {
  describe(mutation.name, () => {
    const nothing = async (): Promise<Variables> => {
      const { id } = await inputOf(mutation);
      return id === undefined ? {} : { id };
    };

    for (const field of mutation.fields.filter(({ name }) => name !== 'id')) {
      const { name } = field;
      const output = mutation.shown.get(name);
      // What is not kept has no value that could stay or be cleared.
      if (!output) {
        it(`is done with null for ${name}, which is not kept`, async () => {
          expect((await run(mutation, { ...(await nothing()), [name]: null })).wrong).toEqual([]);
        });
        continue;
      }
      const isReference = isObjectType(getNamedType(output.type));
      const isList = isListType(getNullableType(output.type));
      const isNeeded = (isNonNullType(output.type) && !isList) || isReference;
      const what = isNeeded ? 'refuses the empty text, because there is always one' : 'clears it by the empty text';
      it(`leaves ${name} that is left out or null, and ${what}`, async () => {
        const id = await nothing();
        const sample = sampleOf(field);
        const set = () => run(mutation, { ...id, [name]: sample });
        expect(asGiven((await set()).record?.[name])).toEqual(sample);
        const before = await changes();
        const nulls = [{}, { [name]: null }, ...(isList ? [{ [name]: [null] }] : [])];
        for (const left of nulls) {
          const { record, wrong } = await run(mutation, { ...id, ...left });
          expect([wrong, asGiven(record?.[name])], JSON.stringify(left)).toEqual([[], sample]);
        }
        expect(await changes()).toBe(before);
        for (const empty of emptiesOf(field)) {
          await set();
          const { record, wrong } = await run(mutation, { ...id, [name]: empty });
          const expected = isNeeded ? [[name], null] : [[], isList ? [] : null];
          expect([wrong, asGiven(record?.[name])], JSON.stringify(empty)).toEqual(expected);
          const now = await run(mutation, id);
          expect(asGiven(now.record?.[name]), JSON.stringify(empty)).toEqual(isNeeded ? sample : expected[1]);
        }
      });
    }

    it('changes nothing of a record by null for all of it', async () => {
      const before = await changes();
      const all = Object.fromEntries(mutation.fields.map(({ name }) => [name, null]));
      expect((await run(mutation, { ...all, ...(await nothing()) })).wrong).toEqual([]);
      expect(await changes()).toBe(before);
    });
  });
}

describe('an input without a value for the id of its record', () => {
  for (const mutation of MUTATIONS.filter(({ fields }) => fields.some(({ name }) => name === 'id'))) {
    it(`is refused: ${mutation.name}`, async () => {
      const { id: _, ...rest } = await inputOf(mutation);
      const before = await changes();
      for (const without of [{}, { id: null }, { id: '' }]) {
        const { record, wrong } = await run(mutation, { ...rest, ...without });
        expect([record, wrong], JSON.stringify(without)).toEqual([null, ['id']]);
      }
      expect(await changes()).toBe(before);
    });
  }
});

/** Where the lists below a record are asked for. */
const BELOW: Record<string, (asked: string) => string> = {
  Query: (asked) => asked,
  Customer: (asked) => `customers(first: 5) { nodes { ${asked} } }`,
  Organization: (asked) => `organization { ${asked} }`,
  Role: (asked) => `organizationRoles { ${asked} }`,
};

const MOST_ALIASES = 20;

describe('an argument of a list that is null or empty says nothing', () => {
  for (const type of Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'))) {
    for (const { name, args } of fieldsOf(type)) {
      const optional = args.filter((arg) => !isNonNullType(arg.type));
      if (optional.length === 0 || type === schema.getMutationType()) continue;
      it(`${type.name}.${name}`, async () => {
        const below = BELOW[type.name];
        if (!below) throw new Error(`Say where ${type.name} is asked for`);
        const given = optional.flatMap((arg) =>
          [null, ...emptiesOf(arg), ...(isListType(arg.type) ? [[null]] : [])].map(
            (value) => `${arg.name}: ${JSON.stringify(value)}`,
          ),
        );
        for (let from = 0; from < given.length; from += MOST_ALIASES) {
          const some = given.slice(from, from + MOST_ALIASES);
          const asked = [name, ...some.map((argument) => `${name}(${argument})`)].map(
            (call, index) => `a${index}: ${call} { edges { cursor } pageInfo { hasNextPage endCursor } }`,
          );
          const { data, errors } = await api(`{ ${below(asked.join(' '))} }`);
          expect(errors).toEqual([]);
          const [top] = type === schema.getQueryType() ? [data] : Object.values<Result>(data);
          const records: Result[] = [top?.nodes ?? top].flat();
          expect(records.some(({ a0 }) => a0.edges.length > 0)).toBe(true);
          for (const record of records) {
            for (const [index, argument] of some.entries()) {
              expect(record[`a${index + 1}`], argument).toEqual(record.a0);
            }
          }
        }
      });
    }
  }
});
