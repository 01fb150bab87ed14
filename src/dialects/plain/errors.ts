import { DirectoryError, type ForbiddenError, ValidationError } from '../../directory/kernel/errors.ts';
import { COVERED, price } from '../../graphql/shared/prices.ts';
import { type AnswersByCode, answerTo, failsRequest } from '../shared/errors.ts';
import { builder } from './builder.ts';
import { asGiven, isGiven, valueAt } from './identifiers.ts';

const MutationErrorType = builder.enumType('MutationErrorType', {
  description: 'What kind of error it is.',
  values: {
    VALIDATION: { description: 'The input cannot be done as it is: `fields` say why.' },
    FORBIDDEN: { description: 'You may not do this: the message says why.' },
    INTERNAL: {
      description:
        'Something went wrong here, and the message says whether it was done. A request of which nothing was done fails as a whole instead, with 500, and has no data.',
    },
  } as const,
});

const MutationFieldErrorType = builder.enumType('MutationFieldErrorType', {
  description: 'What is wrong with a part of an input.',
  values: {
    VALIDATION: { description: 'There is a value, but not one that is allowed here.' },
    REQUIRED: { description: 'There is no value, and there must be one.' },
    NOT_FOUND: { description: 'What it names does not exist, is deleted, or is out of your reach.' },
  } as const,
});

interface FieldError {
  field: string;
  message: string;
  type: 'VALIDATION' | 'REQUIRED' | 'NOT_FOUND';
}

interface ShownError {
  message: string;
  type: 'VALIDATION' | 'FORBIDDEN' | 'INTERNAL';
  code: string;
  fields: FieldError[];
}

const MutationFieldError = builder.objectRef<FieldError>('MutationFieldError').implement({
  description: 'One thing that is wrong with an input.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Where in the input, such as `tenantIdentifiers.1.externalId`.' }),
    message: t.exposeString('message', { description: 'What is wrong there, for people.' }),
    type: t.expose('type', { type: MutationFieldErrorType, description: 'What kind of mistake it is.' }),
  }),
});

export const MutationError = builder.objectRef<ShownError>('MutationError').implement({
  description: 'Why a mutation changed nothing.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'For people, in English. It may change; do not parse it.' }),
    type: t.expose('type', { type: MutationErrorType, description: 'What kind of error it is.' }),
    code: t.exposeString('code', {
      description:
        'For programs: `input_validation`, `not_found`, `forbidden`, `customer_already_exists_with_email`, `customer_already_exists_with_external_id` or `internal`.',
    }),
    fields: t.expose('fields', {
      type: [MutationFieldError],
      ...price(COVERED),
      description: 'All that is wrong, each with its place.',
    }),
  }),
});

/** How a mutation says what its command says. */
export interface Spelling {
  /** What a path of the command, in its input or of a record, is called in the input: in two places, perhaps. */
  places?: (path: string) => string | readonly string[];
  /** The code for a value that belongs to another record. */
  taken?: (path: string) => string;
}

/** Where in the input that is, of several places where there is anything. */
function placesOf(input: unknown, path: string, { places }: Spelling): readonly string[] {
  const named = [places?.(path) ?? path].flat();
  const given = named.filter((place) => isGiven(valueAt(input, place)));
  return (given.length > 0 ? given : named.slice(0, 1)).map((place) => asGiven(input, place));
}

const invalid = (code: string, message: string, fields: FieldError[]): ShownError => ({
  message,
  type: 'VALIDATION',
  code,
  fields,
});

const forbidden = ({ message }: ForbiddenError): ShownError => ({
  message,
  type: 'FORBIDDEN',
  code: 'forbidden',
  fields: [],
});

/** What a caller is told of each error of the directory, about this input. What Plain has no word for, fails the request. */
function answersAbout(input: unknown, spelling: Spelling): AnswersByCode<ShownError> {
  const places = (path: string) => placesOf(input, path, spelling);
  return {
    validation_failed(error) {
      const issues = error.issues.flatMap((issue) => places(issue.path).map((path) => ({ ...issue, path })));
      const fields = issues.map(({ path: field, message, kind }): FieldError => {
        return { field, message, type: kind === 'REQUIRED' ? 'REQUIRED' : 'VALIDATION' };
      });
      return invalid('input_validation', new ValidationError(issues).message, fields);
    },
    not_found({ references }) {
      const fields = references.flatMap(({ path, message }) =>
        places(path).map((field): FieldError => ({ field, message: message.replace(path, field), type: 'NOT_FOUND' })),
      );
      return invalid('not_found', fields.map(({ message }) => message).join(' '), fields);
    },
    already_exists(error) {
      const message = error.message.replace(error.path, places(error.path).join(' or '));
      const fields = places(error.path).map((field): FieldError => ({ field, message, type: 'VALIDATION' }));
      return invalid(spelling.taken?.(error.path) ?? 'input_validation', message, fields);
    },
    insufficient_permissions: forbidden,
    read_only_key: forbidden,
    out_of_reach: forbidden,
    not_signed_in: forbidden,
    last_admin: ({ message }) => invalid('input_validation', message, []),
    too_many_webhooks: ({ message }) => invalid('input_validation', message, []),
    version_conflict: failsRequest,
    import_rejected: failsRequest,
    last_owner: failsRequest,
    built_in_role: failsRequest,
    role_in_use: failsRequest,
    too_many_roles: failsRequest,
    too_many_data_sources: failsRequest,
    too_many_secrets: failsRequest,
    too_many_permissions: failsRequest,
    permission_in_use: failsRequest,
  };
}

/** What a mutation answers: one of the two. */
export interface Answered<Result> {
  done: Result | null;
  error: ShownError | null;
}

/** Returns what a command answered, or what is told of why it was refused. Errors without a word in Plain fail the request. */
export async function answered<Result>(
  result: Promise<Result>,
  input: unknown,
  spelling: Spelling = {},
): Promise<Answered<Result>> {
  try {
    return { done: await result, error: null };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return { done: null, error: answerTo(error, answersAbout(input, spelling)) };
  }
}

type OutputFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Shape>;

/** The field that every payload has. */
export const errorField = <Shape extends Answered<unknown>>(t: OutputFields<Shape>) => ({
  error: t.field({
    type: MutationError,
    nullable: true,
    description: 'Why nothing was changed; null if all is as the input says.',
    resolve: ({ error }) => error,
  }),
});

/** What an upsert did. */
export const UpsertResult = builder.enumType('UpsertResult', {
  description: 'What an upsert did.',
  values: {
    CREATED: { description: 'There was no such record: it was created.' },
    UPDATED: { description: 'The record existed and was changed.' },
    NOOP: { description: 'The record existed and nothing differed: nothing was written.' },
  } as const,
});
