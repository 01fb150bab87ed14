import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  parse,
  print,
  type SelectionSetNode,
} from 'graphql';
import { compiledExecution } from '../../src/http/graphql/compiled/execution.ts';
import { randomDocument } from '../attack/random-documents.ts';
import type { Dice } from '../shared/dice.ts';
import { type Asked, changedDocument } from './changed-documents.ts';
import { type Case, generatedSchema } from './generated-answers.ts';

/** In how many of a thousand places something fails. */
const FAULTS = [0, 20, 40, 80];
/** Of which there are some among the texts, and which cannot be parsed. */
const HALF_A_CHARACTER = /\\ud[89a-f]../g;
/** So many objects stand inside each other in an answer that is deep. */
const DEEP = 3;
const KNOWN = { tenants: ['Aa', 'Bb'], customers: ['Cc'], users: ['Dd'] };

/** Ours quotes no value in a message: it may be anybody's. */
const withoutValues = (answer: string): string => answer.replaceAll(/ but got: (?:[^"\\]|\\.)*"/g, '."');

const DOCUMENTS_OF_A_TURN = 10;

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

/** What came of documents that both have executed. */
export interface Compared {
  /** What was answered differently, and in which order resolvers were asked differently. */
  different: unknown[];
  /** Documents that were not compiled. */
  left: string[];
  /** How many were answered with three objects inside each other or more, and how many with an error. */
  deep: number;
  failing: number;
}

/** Executes random documents over the types of a schema, compiled and by GraphQL, with resolvers that answer by chance. */
export async function compareExecutions(real: GraphQLSchema, documents: number, dice: Dice): Promise<Compared> {
  const schema = generatedSchema(real);
  const executeCompiled = compiledExecution();
  const compared: Compared = { different: [], left: [], deep: 0, failing: 0 };
  for (let count = 0; count < documents; count += 1) {
    // Nothing else waits here for more than microtasks: what the runtime has to do must not wait until the end.
    if (count % DOCUMENTS_OF_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
    const { seed } = dice;
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
        compared.left.push(print(document));
        return execute(given);
      };
      const answer = await answerTo(() => executeCompiled({ ...args, contextValue: own }, otherwise));
      // GraphQL goes on for a moment after it has made an answer without what is late.
      const calls = contextValue.calls.slice(0, answer.includes('"errors"') ? own.calls.length : undefined);
      const isSame = answer === expected && own.calls.join('\n') === calls.join('\n');
      if (!isSame) compared.different.push({ seed, query: print(document), expected, calls, answer, own: own.calls });
    }
    const { data, errors } = JSON.parse(expected);
    if (depthOf(data) >= DEEP) compared.deep += 1;
    if (errors) compared.failing += 1;
  }
  return compared;
}
