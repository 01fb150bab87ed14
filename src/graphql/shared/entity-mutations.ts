import type { InputFieldMap, InputObjectRef, ObjectRef } from '@pothos/core';
import type { Caller } from '../../directory/access/viewer.ts';
import { type Command, run } from '../../directory/commands/command.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from './ahead.ts';
import { builder, type InputFields, type OutputFields } from './builder.ts';
import { type GivenIdentifier, localId, localNaming, type NodeType } from './ids.ts';
import { commandField, uncapitalized } from './mutation.ts';
import { PERMANENTLY } from './mutation-parts.ts';

/** The type of the record that a mutation is about, and how to get the record from the result of the command. */
interface Target<Result, Row extends object> {
  type: NodeType;
  ref: ObjectRef<typeof builder.$inferSchemaTypes, Row>;
  /** Null where it cannot be shown any more. */
  record: (result: Result) => Row | null;
}

/** How records of a type are named in inputs, beside by their id. */
type IdentifierRef = InputObjectRef<typeof builder.$inferSchemaTypes, GivenIdentifier>;

/** A target that an identifier names, too. */
interface IdentifiedTarget<Result, Row extends object> extends Target<Result, Row> {
  identifier: IdentifierRef;
}

/**
 * Returns the input fields that name the record which a mutation is about: its id, or an identifier. `localNaming` reads them,
 * and the command sees to it that exactly one is given.
 */
export const namingFields = (t: InputFields, word: string, type: IdentifierRef) => ({
  id: t.id({ description: `The global id of the ${word}. Exactly one of \`id\` and \`identifier\` is given.` }),
  identifier: t.field({ type, description: `What names the ${word} in the place of \`id\`, if it is not deleted.` }),
});

/** Descriptions of a mutation, of its input and the id in it, and of its payload and the record in it. */
interface Descriptions {
  input: string;
  id: string;
  field: string;
  payload: string;
  record: string;
}

/**
 * Adds the mutation of a command that takes the id of a record and answers that record. The payload has it in a field
 * that is called like its type: `apiKey` for an `ApiKey`.
 */
export function entityMutation<Result, Answer, Row extends object>(
  command: Command<Result, Answer>,
  target: Target<Result, Row>,
  descriptions: Descriptions,
  furtherFields: (t: InputFields) => InputFieldMap = () => ({}),
): void {
  builder.relayMutationField(
    command.name,
    {
      description: descriptions.input,
      inputFields: (t) => ({ id: t.id({ required: true, description: descriptions.id }), ...furtherFields(t) }),
    },
    {
      ...commandField(command, descriptions.field),
      resolve: (_, { input }, caller) =>
        recordOf(caller, command, target, { ...input, id: localId(target.type, input.id) }),
    },
    payload(target, descriptions),
  );
}

/** The record that a command has left, which is an error where it cannot be shown. */
class Left<Row> {
  readonly #record: Row | null;

  constructor(record: Row | null) {
    this.#record = record;
  }

  get record(): Row {
    return shown(this.#record);
  }
}

/** Runs the command, and returns the record that it was about. */
const recordOf = async <Result, Answer, Row extends object>(
  caller: Caller,
  command: Command<Result, Answer>,
  { record }: Target<Result, Row>,
  input: unknown,
): Promise<Left<Row>> => new Left(record(await run(caller, command, input)));

/** The payload of a mutation that answers one record. */
const payload = <Result, Row extends object>(
  { type, ref }: Target<Result, Row>,
  { payload, record }: Pick<Descriptions, 'payload' | 'record'>,
) => ({
  description: payload,
  outputFields: (t: OutputFields<{ record: Row }>) => ({
    [uncapitalized(type)]: t.expose('record', { type: ref, nullable: true, description: record, ...RECORD_LEFT }),
  }),
});

/** Adds the mutation that hides a record until it is restored, or erases it for good where the input says so. */
export function deletionMutation<Result, Answer, Row extends object>(
  command: Command<Result, Answer>,
  target: IdentifiedTarget<Result, Row>,
  description: string,
): void {
  const word = uncapitalized(target.type);
  builder.relayMutationField(
    command.name,
    {
      description: `Which ${word} to delete, and how.`,
      inputFields: (t) => ({
        ...namingFields(t, word, target.identifier),
        permanently: t.boolean({ description: PERMANENTLY }),
      }),
    },
    {
      ...commandField(command, description),
      resolve: (_, { input }, caller) =>
        recordOf(caller, command, target, { ...input, ...localNaming(target.type, input) }),
    },
    payload(target, { payload: `The ${word} is hidden, or gone.`, record: `The ${word} as it was, or is now.` }),
  );
}

/** Adds the mutation that brings a hidden record back. */
export function restorationMutation<Result, Answer, Row extends object>(
  command: Command<Result, Answer>,
  target: Target<Result, Row>,
  description: string,
): void {
  const word = uncapitalized(target.type);
  entityMutation(command, target, {
    input: `Which ${word} to restore.`,
    id: `The global id of the ${word}.`,
    field: description,
    payload: `The ${word} is live.`,
    record: `The ${word} that is live now.`,
  });
}
