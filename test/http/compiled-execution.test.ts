import {
  buildSchema,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  executeSync,
  type GraphQLSchema,
  getIntrospectionQuery,
  getOperationAST,
  parse,
  print,
  type SelectionSetNode,
} from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { compiledExecution } from '../../src/http/graphql/compiled/execution.ts';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { Dice } from '../attack/dice.ts';
import { randomDocument } from '../attack/random-documents.ts';
import { type Asked, changedDocument } from './changed-documents.ts';
import { type Case, generatedSchema } from './generated-answers.ts';

const SEED = 20_260_501;
const DOCUMENTS_OF_AN_API = 1250;
const SHOWN_DIFFERENCES = 3;
/** In how many of a thousand places something fails. */
const FAULTS = [0, 10, 30, 60];
/** Of which there are some among the texts, and which cannot be parsed. */
const HALF_A_CHARACTER = /\\ud[89a-f]../g;
const KNOWN = { tenants: ['Aa', 'Bb'], customers: ['Cc'], users: ['Dd'] };

/** Ours quotes no value in a message: it may be anybody's. */
const withoutValues = (answer: string): string => answer.replaceAll(/ but got: (?:[^"\\]|\\.)*"/g, '."');

/** What goes on behind an answer has ended after so many turns. */
const TURNS_BEHIND = 40;

/** Returns what is answered, errors included, and notes in the case which resolvers were asked. */
async function answerTo(answered: () => ExecutionResult | Promise<ExecutionResult>): Promise<string> {
  const answer = JSON.stringify(await answered());
  for (let turn = 0; turn < TURNS_BEHIND; turn += 1) await null;
  return withoutValues(answer);
}

const depthOf = (data: unknown): number =>
  typeof data === 'object' && data !== null
    ? Math.max(0, ...Object.values(data).map(depthOf)) + (Array.isArray(data) ? 0 : 1)
    : 0;

const levelsOf = (set: SelectionSetNode | undefined): number =>
  set ? 1 + Math.max(...set.selections.map((part) => ('selectionSet' in part ? levelsOf(part.selectionSet) : 1))) : 0;

/** A document that is mostly one of several levels. */
function someDocument(schema: GraphQLSchema, dice: Dice): Asked {
  const { query, variables } = randomDocument(schema, dice, KNOWN);
  const document = parse(query.replaceAll(HALF_A_CHARACTER, '?'), { noLocation: true });
  const isDeep = levelsOf(getOperationAST(document)?.selectionSet) >= 4;
  return isDeep || dice.happens(10) ? changedDocument({ document, variables }, dice) : someDocument(schema, dice);
}

describe('operations that are compiled', () => {
  it.each(GRAPHQL_APIS)('are answered as GraphQL does: at $path', async ({ schema: real }) => {
    const schema = generatedSchema(real);
    const executeCompiled = compiledExecution();
    const dice = new Dice(SEED);
    const different: unknown[] = [];
    const left: string[] = [];
    let deep = 0;
    let failing = 0;
    for (let count = 0; count < DOCUMENTS_OF_AN_API; count += 1) {
      const { document, variables } = someDocument(real, dice);
      const asked = { seed: dice.seed, faults: dice.one(FAULTS) };
      const args = { schema, document, variableValues: variables };
      const contextValue: Case = { ...asked, calls: [] };
      const expected = await answerTo(() => execute({ ...args, contextValue }));
      // The second time it is compiled already.
      const times = dice.happens(20) ? 2 : 1;
      for (let time = 0; time < times; time += 1) {
        const own: Case = { ...asked, calls: [] };
        const otherwise = (given: ExecutionArgs) => {
          left.push(print(document));
          return execute(given);
        };
        const answer = await answerTo(() => executeCompiled({ ...args, contextValue: own }, otherwise));
        const calls = contextValue.calls.slice(0, answer.includes('"errors"') ? own.calls.length : undefined);
        // GraphQL goes on for a moment after it has made an answer without what is late.
        if (answer !== expected) different.push({ query: print(document), answer, expected });
        else if (own.calls.join('\n') !== calls.join('\n'))
          different.push({ query: print(document), calls: own.calls, expected: calls });
      }
      const { data, errors } = JSON.parse(expected);
      if (depthOf(data) >= 3) deep += 1;
      if (errors) failing += 1;
    }
    expect(different.slice(0, SHOWN_DIFFERENCES)).toEqual([]);
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
});
