import { buildSchema, type ExecutionArgs, execute, executeSync, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import type { GraphQLApi } from '../../src/http/graphql/api.ts';
import { compiledExecution } from '../../src/http/graphql/compiled/execution.ts';
import { nothingMutated } from '../../src/http/graphql/mutation-fields.ts';
import { operationsOf } from '../../src/http/graphql/operations.ts';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { Dice } from '../shared/dice.ts';
import { compareExecutions } from './compared-executions.ts';

const SEED = 20_260_501;
/** More of them, and others each time, are a part of `npm run test:attack`. */
const DOCUMENTS_OF_AN_API = 250;

describe('operations that are compiled', () => {
  it.each(GRAPHQL_APIS)('are answered as GraphQL does: at $path', async ({ schema }) => {
    const { different, left, deep, failing } = await compareExecutions(schema, DOCUMENTS_OF_AN_API, new Dice(SEED));
    expect(different.slice(0, 1), `${different.length} documents`).toEqual([]);
    expect(left).toEqual([]);
    expect(deep).toBeGreaterThan(DOCUMENTS_OF_AN_API / 2);
    expect(failing).toBeGreaterThan(DOCUMENTS_OF_AN_API / 5);
  });

  const SMALL = buildSchema(`
    directive @own on FIELD
    type Query { a(b: Int): String }
    type Subscription { a: String }
  `);
  const LEFT: Record<string, Partial<ExecutionArgs> & { query: string }> = {
    'a subscription': { query: 'subscription { a }' },
    'a directive that is neither @skip nor @include': { query: '{ a @own }' },
    'an operation that there is not': { query: 'query A { a }', operationName: 'B' },
    'one of several operations, without its name': { query: 'query A { a } query B { a }' },
    'an operation whose root the schema lacks': { query: 'mutation { a }' },
    'variables that are wrong': { query: 'query ($b: Int) { a(b: $b) }', variableValues: { b: 'c' } },
    'resolvers in the arguments': { query: '{ a }', fieldResolver: () => 'd' },
    'a signal in the arguments': { query: '{ a }', abortSignal: new AbortController().signal },
  };
  for (const [name, { query, ...args }] of Object.entries(LEFT)) {
    it(`leave to others ${name}`, () => {
      const otherwise = vi.fn(() => ({ data: null }));
      compiledExecution()({ schema: SMALL, document: parse(query), ...args }, otherwise);
      expect(otherwise).toHaveBeenCalledOnce();
    });
  }

  it('leave to the executor of Yoga a payload of a subscription', async () => {
    const { executePayload } = operationsOf(SMALL, {} as GraphQLApi);
    const document = parse('subscription { a @own }');
    const args = { schema: SMALL, document, rootValue: { a: 'b' }, contextValue: { mutated: nothingMutated() } };
    expect(await executePayload(args as never)).toEqual({ data: { a: 'b' } });
  });

  it('are introspected as GraphQL does', () => {
    const document = parse(getIntrospectionQuery());
    for (const { schema } of GRAPHQL_APIS) {
      const otherwise = vi.fn(() => ({ data: null }));
      const answer = compiledExecution()({ schema, document }, otherwise);
      expect(JSON.stringify(answer)).toBe(JSON.stringify(executeSync({ schema, document })));
      expect(otherwise).not.toHaveBeenCalled();
    }
  });

  it('may be asked for what JavaScript has a use of its own for', () => {
    const document = parse('{ __proto__: a constructor: a }');
    const rootValue = { a: 'b' };
    const answer = compiledExecution()({ schema: SMALL, document, rootValue }, execute);
    expect(JSON.stringify(answer)).toBe('{"data":{"__proto__":"b","constructor":"b"}}');
  });

  it('are compiled anew where their conditions are others', () => {
    const document = parse('query ($c: Boolean!) { a @include(if: $c) b: a @skip(if: $c) }');
    const executeCompiled = compiledExecution();
    const answers = [true, false, true].map((c) =>
      executeCompiled({ schema: SMALL, document, rootValue: { a: 'd' }, variableValues: { c } }, execute),
    );
    expect(answers).toEqual([{ data: { a: 'd' } }, { data: { b: 'd' } }, { data: { a: 'd' } }]);
  });

  describe('and asked for again', () => {
    const NESTED = buildSchema('type Query { next: Query }');
    const rootValue = { next: async () => rootValue };
    const LEVELS = 7;
    const levels = Array.from({ length: LEVELS }, (_, level) => {
      return `fragment L${level} on Query { a: next { ...L${level + 1} } b: next { ...L${level + 1} } }`;
    });
    const doubled = `{ ...L0 } ${levels.join(' ')} fragment L${LEVELS} on Query { __typename }`;

    /** How often a document asks the schema for a field when it is executed for the second time. */
    async function lookUpsOf(query: string): Promise<number> {
      const executeCompiled = compiledExecution();
      const args = { schema: NESTED, document: parse(query), rootValue };
      await executeCompiled(args, execute);
      const lookUps = vi.spyOn(NESTED, 'getField');
      await executeCompiled(args, execute);
      const { length } = lookUps.mock.calls;
      lookUps.mockRestore();
      return length;
    }

    it('are compiled already', async () => {
      expect(await lookUpsOf('{ next { next { a: next { __typename } } } }')).toBe(0);
    });

    it('are compiled anew where fragments make many of few, so that they fill no memory', async () => {
      expect(await lookUpsOf(doubled)).toBeGreaterThan(2 ** LEVELS);
    });
  });
});
