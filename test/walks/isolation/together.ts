import { isDeepStrictEqual } from 'node:util';
import { type ASTNode, type FieldNode, getNamedType, type OperationDefinitionNode, parse, print, visit } from 'graphql';
import { expect } from 'vitest';
import { schema } from '../../../src/graphql/schema.ts';
import { costOf, MAX_COST } from '../../../src/http/graphql/cost.ts';
import { MAX_ERRORS_OF_A_KIND } from '../../../src/http/graphql/limits.ts';
import { type Answer, ask, type Variables } from '../../shared/gateway.ts';

/*
 * Asks the same of several records by one request, each under an alias of its own, and takes the answer apart again:
 * what a request costs is then paid once for all of them.
 */

/** A document of one field, and its variables. */
export interface Asked {
  document: string;
  variables: Variables;
}

type Key = string | undefined;

export const askAlone = ({ document, variables }: Asked, key: Key): Promise<Answer> => ask(document, variables, key);

/** What each of them is answered: as if it had been asked alone, but for the places in the document. */
export async function askTogether(asked: readonly Asked[], key: Key): Promise<Answer[]> {
  const [one] = asked;
  if (!one) return [];
  const answers: Answer[] = [];
  for (const some of inParts(asked, mostTogether(one))) {
    const together = await askAtOnce(some, key);
    if (together) answers.push(...together);
    // Of many that fail, not all errors are shown.
    else
      for (const few of inParts(some, MAX_ERRORS_OF_A_KIND - 1)) answers.push(...((await askAtOnce(few, key)) ?? []));
  }
  return answers;
}

const inParts = <Item>(items: readonly Item[], length: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / length) }, (_, index) =>
    items.slice(index * length, (index + 1) * length),
  );

/** How many one operation may ask, by what they cost. */
function mostTogether({ document, variables }: Asked): number {
  const parsed = parse(document, { noLocation: true });
  const [operation] = parsed.definitions as OperationDefinitionNode[];
  if (!operation) throw new Error(`No operation: ${document}`);
  const { cost } = costOf(schema, parsed, operation, { variables: new Map(Object.entries(variables)) });
  return Math.floor(MAX_COST / cost);
}

/** Null if some of them may have failed by errors that are not shown. */
async function askAtOnce(asked: readonly Asked[], key: Key): Promise<Answer[] | null> {
  const [one] = asked;
  if (!one) return [];
  // A query that says nothing of the record answers the same for each.
  const isSame = !one.document.startsWith('mutation') && asked.every((other) => isDeepStrictEqual(one, other));
  const times = isSame ? 1 : asked.length;
  const { name, document } = repeated(one.document, times);
  const variables = asked
    .slice(0, times)
    .flatMap((given, index) => Object.entries(given.variables).map(([name, value]) => [numbered(name, index), value]));
  const answer = await ask(document, Object.fromEntries(variables), key);
  expect(answer.data, answer.text).not.toBeNull();
  const codes = Map.groupBy(answer.errors, ({ extensions }) => extensions.code);
  if ([...codes.values()].some(({ length }) => length >= MAX_ERRORS_OF_A_KIND)) return null;
  return asked.map((_, index) => {
    const alias = numbered(ALIAS, isSame ? 0 : index);
    const data = { [name]: answer.data[alias] };
    const errors = answer.errors
      .filter(({ path }) => path[0] === alias)
      .map(({ message, path, extensions }) => ({ message, path: [name, ...path.slice(1)], extensions }));
    return { ...answer, data, errors, text: JSON.stringify({ data, errors }) };
  });
}

const ALIAS = 'record';
const numbered = (name: string, index: number) => `${name}_${index}`;

interface Repeated {
  /** What the field is called in the answer to the document alone. */
  name: string;
  document: string;
}

const known = new Map<string, Repeated>();

function repeated(document: string, times: number): Repeated {
  const place = `${times} ${document}`;
  const result = known.get(place) ?? repeat(document, times);
  known.set(place, result);
  return result;
}

/** The document with its field so many times. What is asked of each is said once: a document may not be long. */
function repeat(document: string, times: number): Repeated {
  const [operation] = parse(document, { noLocation: true }).definitions as OperationDefinitionNode[];
  const [field, ...others] = (operation?.selectionSet.selections ?? []) as FieldNode[];
  if (!operation || !field?.selectionSet || others.length > 0) throw new Error(`Not of one field: ${document}`);
  const root = operation.operation === 'query' ? schema.getQueryType() : schema.getMutationType();
  const type = getNamedType(root?.getFields()[field.name.value]?.type);
  const parameters: string[] = [];
  const fields: string[] = [];
  for (let index = 0; index < times; index += 1) {
    const own = (node: ASTNode) =>
      print(
        visit(node, {
          Variable: ({ name, ...rest }) => ({ ...rest, name: { ...name, value: numbered(name.value, index) } }),
        }),
      );
    parameters.push(...(operation.variableDefinitions ?? []).map(own));
    const { alias: _, selectionSet: __, ...call } = field;
    fields.push(`${numbered(ALIAS, index)}: ${own(call)} { ...Shared }`);
  }
  const given = parameters.length > 0 ? `(${parameters.join(', ')})` : '';
  return {
    name: (field.alias ?? field.name).value,
    document: `${operation.operation}${given} { ${fields.join(' ')} }
      fragment Shared on ${type?.name} ${print(field.selectionSet)}`,
  };
}
