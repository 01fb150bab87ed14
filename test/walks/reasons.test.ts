import { type GraphQLInputType, getNamedType, getNullableType, isInputObjectType, isListType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { schema } from '../../src/graphql/schema.ts';
import { globalId, mutate, type Result } from '../shared/fixtures.ts';
import type { Variables } from '../shared/gateway.ts';
import { rewind } from '../shared/rewind.ts';
import { MUTATIONS } from './mutations.ts';
import { asker, lastingWorld, type OperationWorld } from './operations.ts';

/*
 * Of an input with two faults, every reason in the answer must be one that the faults have by themselves, and all of them
 * must be there; or the answer is that of one of them, which comes first. So no fault makes up a reason that is not true, and
 * none is kept back.
 */

/** A fault: where in the input it stands, and what stands there. */
interface Fault {
  path: readonly (string | number)[];
  value: unknown;
}

const NOBODY = '01900000-0000-7000-8000-000000000000';
/** What is found first: an input is read before anything is looked up. */
const ORDER = ['ValidationError', 'NotFoundError', 'VersionConflictError'];
const TOO_LONG = 'x'.repeat(5000);

/** What can be wrong with a value of this type, of which a good one is given or none. */
function faultsOf(type: GraphQLInputType, path: Fault['path'], given: unknown): Fault[] {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const [first] = Array.isArray(given) ? given : [];
    return faultsOf(nullable.ofType, [...path, 0], first);
  }
  const named = getNamedType(nullable);
  if (isInputObjectType(named)) {
    const kind = /^(\w+)Identifier$/.exec(named.name)?.[1];
    if (kind) return [globalId(kind, NOBODY), 'junk'].map((id) => ({ path, value: { id } }));
    return Object.values(named.getFields()).flatMap((field) => {
      const value = (given as Record<string, unknown> | undefined)?.[field.name];
      // What an object has that is not given itself may go together with nothing.
      return path.length > 0 && value === undefined ? [] : faultsOf(field.type, [...path, field.name], value);
    });
  }
  if (named.name === 'String') return [{ path, value: TOO_LONG }];
  if (named.name === 'Int') return [{ path, value: -1 }];
  if (named.name !== 'ID') return [];
  const kind = typeof given === 'string' && !given.includes('-') ? atob(given).split(':')[0] : undefined;
  return [{ path, value: 'junk' }, ...(kind ? [{ path, value: globalId(kind, NOBODY) }] : [])];
}

/** Returns an input with a fault in it. */
function withFault(input: unknown, { path: [step, ...rest], value }: Fault): unknown {
  if (step === undefined) return value;
  const below = (given: unknown) => withFault(given, { path: rest, value });
  if (typeof step === 'number') {
    const list: unknown[] = Array.isArray(input) ? [...input] : [];
    list[step] = below(list[step]);
    return list;
  }
  const object: Record<string, unknown> = { ...(typeof input === 'object' ? input : {}) };
  object[step] = below(object[step]);
  return object;
}

/** A reason in an answer: the type of the error, where in the input, and what is wrong there. */
type Reason = readonly [type: string, path: string, message: string];

/** All that are in an answer; none if the mutation was done. */
function reasonsOf({ __typename: type, issues, references, path, message, code }: Result): Reason[] {
  if (type.endsWith('Payload')) return [];
  const several: { path: string; message: string }[] = issues ?? references ?? [{ path: path ?? code, message }];
  return several.map((reason) => [type, reason.path, reason.message] as const);
}

const written = (reasons: readonly Reason[]) => [...new Set(reasons.map((reason) => reason.join(' ')))].sort();

/** The faults of a kind of record that is not there, which hide those of what is looked up in it or for it. */
const HIDING: Record<string, Record<string, readonly string[]>> = {
  deleteRole: { id: ['replacement'] },
  updateUser: { id: ['roleIdentifier', 'defaultTenantIdentifier'] },
};

/** What stands somewhere else than what is wrong: of two that contradict each other, one is named. */
const ELSEWHERE: Record<string, string> = { 'createTrustedIssuer jwksUrl': 'keys' };

/** A fault with the reasons that it has by itself, which are of one error. */
interface Found {
  place: string;
  fault: Fault;
  reasons: Reason[];
}

const errorOf = ({ reasons }: Found): string => reasons[0]?.[0] ?? '';

/** Pairs of faults in different places. Of values that are not valid only neighbours, which are enough. */
const pairsOf = (found: readonly Found[]): [Found, Found][] =>
  found.flatMap((one, position) =>
    found
      .slice(position + 1)
      .filter((other, distance) => {
        const areInvalid = errorOf(one) === 'ValidationError' && errorOf(other) === 'ValidationError';
        return !isAt(other.place, one.place) && (!areInvalid || distance < 2);
      })
      .map((other): [Found, Found] => [one, other]),
  );

/** The reasons of two faults together: those of both if they are of one error, else of the error that comes first. */
function reasonsOfBoth(name: string, one: Found, other: Found): Reason[] {
  if (errorOf(one) === errorOf(other)) {
    const isHidden = errorOf(one) === 'NotFoundError' && HIDING[name]?.[one.place]?.includes(other.place);
    const hides = errorOf(one) === 'NotFoundError' && HIDING[name]?.[other.place]?.includes(one.place);
    return [...(hides ? [] : one.reasons), ...(isHidden ? [] : other.reasons)];
  }
  return ORDER.indexOf(errorOf(one)) < ORDER.indexOf(errorOf(other)) ? one.reasons : other.reasons;
}

const isAt = (path: string, place: string) => path === place || path.startsWith(`${place}.`);

/** A mutation with each set of fields that its inputs have. */
const DISTINCT = MUTATIONS.filter(({ as, name }, index) => {
  const isFirst = MUTATIONS.findIndex((other) => other.name === name && other.as === as) === index;
  return (isFirst || name === 'changeRole') && !name.startsWith('import');
});

let world: OperationWorld;
beforeAll(async () => {
  world = await lastingWorld();
});

const inputType = (name: string) => schema.getType(`${name.charAt(0).toUpperCase()}${name.slice(1)}Input`);

describe('each reason is true, and none is kept back, of two faults in the input of', () => {
  let pairs = 0;
  afterAll(() => console.log(`Pairs of faults: ${pairs}`));

  for (const [index, mutation] of DISTINCT.entries()) {
    const { name } = mutation;
    it(`${name} (${index})`, { timeout: 60_000 }, async () => {
      await rewind().run();
      const { secret, input } = await asker(mutation, world, PERMISSIONS);
      const good = input?.input;
      const type = inputType(name);
      if (!isInputObjectType(type)) throw new Error(`${name} has no input`);
      const reasonsFor = async (faulty: unknown) =>
        reasonsOf(await mutate(name, '__typename', faulty as Variables, secret));

      const found: Found[] = [];
      for (const fault of faultsOf(type, [], good)) {
        const place = fault.path.join('.');
        const reasons = await reasonsFor(withFault(good, fault));
        for (const [, path, message] of reasons)
          expect(isAt(path, place) || path === ELSEWHERE[`${name} ${place}`], `${place}: ${path} ${message}`).toBe(
            true,
          );
        expect(reasons, `${place} is a fault`).not.toEqual([]);
        found.push({ place, fault, reasons });
      }
      for (const [one, other] of pairsOf(found)) {
        const both = await reasonsFor(withFault(withFault(good, one.fault), other.fault));
        expect(written(both), `${one.place} and ${other.place}`).toEqual(written(reasonsOfBoth(name, one, other)));
        pairs += 1;
      }
    });
  }
});
