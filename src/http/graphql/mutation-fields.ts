import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
} from 'graphql';
import type { ChangedRecord } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { readAheadOfPayload } from '../../graphql/shared/ahead.ts';
import type { RepeatableRequest } from '../shared/idempotency-key.ts';
import { priceOf } from './cost.ts';

/** What the mutations of a request have done so far, by the paths of their fields in the answer, such as `a` or `a.b`. */
export interface Mutated {
  /** The request as its caller may repeat it; null if it has no key. */
  repeatable: RepeatableRequest | null;
  /** The records that were changed; null for a change of many records or of none. */
  effects: Map<string, ChangedRecord | null>;
  /** What was answered for each field. */
  payloads: Map<string, unknown>;
  /** Returns what is answered for a field, none of which is run any more; null while they are run. */
  settled: ((path: string) => unknown) | null;
}

/** Returns the state of a request whose mutations have done nothing yet. */
export const nothingMutated = (): Mutated => ({
  repeatable: null,
  effects: new Map(),
  payloads: new Map(),
  settled: null,
});

function pathOf({ path }: Pick<GraphQLResolveInfo, 'path'>): string {
  const names: (string | number)[] = [];
  for (let at: typeof path | undefined = path; at; at = at.prev) names.unshift(at.key);
  return names.join('.');
}

/** Returns the path of the mutation that an error stands at or below, of those that took effect; undefined if there is none. */
export function effectAbove(
  errorPath: readonly (string | number)[],
  { effects }: Pick<Mutated, 'effects'>,
): string | undefined {
  const above = errorPath.map((_, index) => errorPath.slice(0, index + 1).join('.'));
  return above.find((path) => effects.has(path));
}

type Context = Caller & { mutated: Mutated };

/** Returns the mutations of a type: its fields, or those of the types of fields that only put mutations together. */
function mutationsOf(type: unknown, met = new Set()): GraphQLField<unknown, Context>[] {
  if (!isObjectType(type) || met.has(type)) return [];
  met.add(type);
  return Object.values(type.getFields()).flatMap((field) =>
    priceOf(field).isMutation ? [field] : mutationsOf(getNamedType(field.type), met),
  );
}

/** Lets each mutation of the schema know which field of the answer it is, and notes what it has done. To be called once. */
export function tellMutationsTheirField(schema: GraphQLSchema): void {
  for (const field of mutationsOf(schema.getMutationType())) {
    const { resolve = defaultFieldResolver } = field;
    field.resolve = async (parent, args, context, info) => {
      const path = pathOf(info);
      const { mutated } = context;
      if (mutated.settled) return mutated.settled(path);
      const caller: Context = {
        ...context,
        repeatable: mutated.repeatable && { ...mutated.repeatable, field: path },
        tookEffect: (record) => mutated.effects.set(path, record),
        readAlong: (record) => readAheadOfPayload(context, record, info),
      };
      const payload = await resolve(parent, args, caller, info);
      mutated.payloads.set(path, payload);
      return payload;
    };
  }
}
