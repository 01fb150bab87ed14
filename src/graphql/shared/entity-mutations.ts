import type { InputFieldMap, ObjectRef } from '@pothos/core';
import { type Command, run } from '../../directory/commands/command.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from './ahead.ts';
import { builder, type InputFields } from './builder.ts';
import { localId, type NodeType } from './ids.ts';
import { PERMANENTLY } from './list-inputs.ts';
import { commandField, uncapitalized } from './mutation.ts';

/** The type of the record that a mutation is about, and how to get the record from the result of the command. */
interface Target<Result, Row extends object> {
  type: NodeType;
  ref: ObjectRef<typeof builder.$inferSchemaTypes, Row | string, Row>;
  /** Null where it cannot be shown any more. */
  record: (result: Result) => Row | null;
}

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
  { type, ref, record }: Target<Result, Row>,
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
      resolve: async (_, { input }, caller) => {
        const left = record(await run(caller, command, { ...input, id: localId(type, input.id) }));
        return {
          get record() {
            return shown(left);
          },
        };
      },
    },
    {
      description: descriptions.payload,
      outputFields: (t) => ({
        [uncapitalized(type)]: t.expose('record', {
          type: ref,
          nullable: true,
          description: descriptions.record,
          ...RECORD_LEFT,
        }),
      }),
    },
  );
}

/** Adds the mutation that hides a record until it is restored, or erases it for good where the input says so. */
export function deletionMutation<Result, Answer, Row extends object>(
  command: Command<Result, Answer>,
  target: Target<Result, Row>,
  description: string,
): void {
  const word = uncapitalized(target.type);
  const descriptions = {
    input: `Which ${word} to delete, and how.`,
    id: `The global id of the ${word}.`,
    field: description,
    payload: `The ${word} is hidden, or gone.`,
    record: `The ${word} as it was, or is now.`,
  };
  entityMutation(command, target, descriptions, (t) => ({ permanently: t.boolean({ description: PERMANENTLY }) }));
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
