import { expect, it } from 'vitest';
import { compareExecutions } from '../http/compared-executions.ts';
import { Tally } from '../shared/counts.ts';
import { GRAPHQL_APIS } from './apis.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { sized } from './size.ts';

const DOCUMENTS_OF_AN_API = sized(1250);
const SHOWN_DIFFERENCES = 3;

it('whatever is asked and answered, what is compiled answers as GraphQL does', async () => {
  const dice = newDice();
  const tally = new Tally();
  for (const { path, schema } of GRAPHQL_APIS) {
    const { different, left, deep, failing } = await compareExecutions(schema, DOCUMENTS_OF_AN_API, dice);
    expect(different.slice(0, SHOWN_DIFFERENCES), `${different.length} differences at ${path}`).toEqual([]);
    expect(left).toEqual([]);
    for (let count = 0; count < deep; count += 1) tally.add('three levels deep');
    for (let count = 0; count < failing; count += 1) tally.add('with errors');
  }
  const documents = DOCUMENTS_OF_AN_API * GRAPHQL_APIS.length;
  printTried(documents, 'documents, compiled and by GraphQL', tally.outcomes);
  expect(tally.outcomes['three levels deep'] ?? 0).toBeGreaterThan(documents / 2);
});
