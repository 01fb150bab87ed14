import { expect, it } from 'vitest';
import { Tally } from '../shared/counts.ts';
import { type Answer, send } from '../shared/gateway.ts';
import { posted } from '../walks/dialects/table.ts';
import { GRAPHQL_APIS } from './apis.ts';
import { newScene, type Scene } from './attackers.ts';
import { faultOf, graphQLEnvelope } from './claims.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { broken, randomDocument } from './random-documents.ts';
import { sized } from './size.ts';

const DOCUMENTS = sized(5000);
/** After so many, the records that are known may be gone, and others take their place. */
const DOCUMENTS_OF_A_SCENE = 250;
const SHOWN_FAULTS = 10;
/** So many ask each API by each attacker, more than once. */
const ENOUGH_FOR_EACH = 400;

const outcomeOf = ({ status, errors }: Answer): string => {
  if (status >= 400) return 'refused';
  return errors.length > 0 ? 'answered with errors' : 'answered';
};

it('whatever document is asked, by whom and of which API: no failure of ours, nothing told, and no long refusal', async () => {
  const dice = newDice();
  const tally = new Tally();
  const faults: string[] = [];
  const answered = new Set<string>();
  let scene: Scene | undefined;
  for (let count = 0; count < DOCUMENTS; count += 1) {
    if (!scene || count % DOCUMENTS_OF_A_SCENE === 0) scene = await newScene();
    const { seed } = dice;
    const { path, schema } = dice.one(GRAPHQL_APIS);
    const { name, token } = dice.one(scene.attackers);
    const valid = randomDocument(schema, dice, scene.known);
    const { query, variables } = dice.happens(50) ? valid : broken(valid, dice);
    const answer = await send(posted(path, query, variables, token));
    const outcome = outcomeOf(answer);
    tally.add(outcome);
    if (outcome === 'answered') answered.add(path).add(name);
    const fault = faultOf(answer, graphQLEnvelope);
    if (fault !== null) {
      faults.push(
        `ATTACK_SEED=${seed}: ${path} by ${name} ${fault}\n${query} ${JSON.stringify(variables)}`.slice(0, 2000),
      );
    }
  }
  printTried(DOCUMENTS, 'random documents', tally.outcomes);
  expect(faults.slice(0, SHOWN_FAULTS), `${faults.length} faults`).toEqual([]);
  if (DOCUMENTS < ENOUGH_FOR_EACH) return;
  // What is only ever refused says little.
  expect(tally.outcomes.answered ?? 0, JSON.stringify(tally.outcomes)).toBeGreaterThan(DOCUMENTS / 8);
  expect(answered.size, [...answered].join()).toBe(GRAPHQL_APIS.length + (scene?.attackers.length ?? 0));
});
