import type { Variables } from '../../shared/gateway.ts';
import { graphqlRequest } from '../../shared/gateway.ts';
import { ROLE_AND_KEY_COMMANDS } from './roles-and-keys.ts';
import { type Choice, type OwnChoice, type OwnCommand, ownOutcome } from './scene.ts';
import { TENANT_COMMANDS } from './tenants.ts';

const ALIASES = ['first', 'second'] as const;

/** The mutations in one document, one after the other. */
function together(commands: readonly OwnCommand[]): { query: string; variables: Variables } {
  const fields = commands.map(({ name, document }, index) =>
    document
      .slice(document.indexOf('{') + 1, document.lastIndexOf('}'))
      .replace(`${name}(input: $input)`, `${ALIASES[index]}: ${name}(input: $${ALIASES[index]})`),
  );
  const types = commands.map(({ document }, index) => {
    const [, type] = /\$input: (\w+!)/.exec(document) ?? [];
    return `$${ALIASES[index]}: ${type}`;
  });
  const variables = commands.map(({ input }, index) => [ALIASES[index], input]);
  return { query: `mutation(${types.join(', ')}) { ${fields.join(' ')} }`, variables: Object.fromEntries(variables) };
}

/** Chooses a command of these, if there is one that could be done. */
const choose = (scene: Parameters<OwnChoice>[0], choices: readonly OwnChoice[]) => scene.dice.one(choices)(scene);

/** Two changes in one request, of which the second does not depend on the first: one of them may be done and the other not. */
const pair: Choice = (scene) => {
  const commands = [choose(scene, ROLE_AND_KEY_COMMANDS), choose(scene, TENANT_COMMANDS)].filter((one) => one !== null);
  if (commands.length < ALIASES.length) return null;
  const { query, variables } = together(commands);
  const words = commands.map(({ expected }) => expected[0] ?? '');
  return {
    name: commands.map(({ name }) => name).join(' and '),
    needsKey: true,
    request: (secret) => graphqlRequest(query, variables, secret),
    outcomeOf: ({ data }) => {
      const outcomes = commands.map(({ name }, index) => ownOutcome(name, data?.[ALIASES[index] ?? '']));
      if (outcomes.some((outcome) => outcome === null)) return null;
      const known = outcomes.filter((outcome) => outcome !== null);
      return { word: known.map(({ word }) => word).join(' '), ids: known.map(({ ids: [id] }) => id ?? '') };
    },
    expected: [words.join(' ')],
    apply: ({ ids }) => {
      commands.forEach(({ apply }, index) => {
        apply({ word: words[index] ?? '', ids: [ids[index] ?? ''] });
      });
    },
  };
};

/** Requests with more than one change. */
export const PAIRS: readonly Choice[] = [pair];
