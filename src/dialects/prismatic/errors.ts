import { GraphQLError } from 'graphql';
import { DirectoryError } from '../../directory/kernel/errors.ts';
import { COVERED, price } from '../../graphql/shared/prices.ts';
import { type AnswersByCode, answerTo, failsRequest } from '../shared/errors.ts';
import { builder } from './builder.ts';
import { NO_FIELD } from './failed-payload.ts';

const RECORD_NOT_FOUND = 'Record not found';

/** That a query names what does not exist, or lies out of reach. */
export const recordNotFound = () => new GraphQLError(RECORD_NOT_FOUND, { extensions: { code: 'NOT_FOUND' } });

interface FieldError {
  field: string;
  messages: readonly string[];
}

const ErrorType = builder.objectRef<FieldError>('ErrorType').implement({
  description: 'Why a mutation changed nothing.',
  fields: (t) => ({
    field: t.exposeString('field', {
      description: 'The field of the input that is wrong, or `__all__` for what no field is to blame for.',
    }),
    messages: t.exposeStringList('messages', { description: 'All that is wrong with it, for people.' }),
  }),
});

/** The fields of inputs that the directory calls something else. */
const FIELDS: Record<string, string> = { roleIdentifier: 'role', customerIdentifier: 'customer' };

/** Where in the input of the directory's command, as the caller called it. */
function fieldAt(path: string): string {
  const [name = ''] = path.split('.');
  return FIELDS[name] ?? (name || NO_FIELD);
}

type Reason = [field: string, message: string];

const asWhole = ({ message }: DirectoryError): Reason[] => [[NO_FIELD, message]];

/** What stands in `errors` for each error of the directory. Who may not do it at all is told so by a failed request. */
const REASONS: AnswersByCode<Reason[]> = {
  validation_failed: ({ issues }) => issues.map(({ path, message }) => [fieldAt(path), message]),
  not_found: ({ references }) => references.map(({ path }) => [fieldAt(path), RECORD_NOT_FOUND]),
  already_exists: ({ path, ofDeletedCustomer }) => [
    [fieldAt(path), `This value belongs to ${ofDeletedCustomer ? 'a user of a deleted customer' : 'another record'}.`],
  ],
  insufficient_permissions: failsRequest,
  read_only_key: failsRequest,
  out_of_reach: failsRequest,
  not_signed_in: failsRequest,
  version_conflict: asWhole,
  import_rejected: asWhole,
  last_owner: asWhole,
  last_admin: asWhole,
  built_in_role: asWhole,
  role_in_use: asWhole,
  too_many_roles: asWhole,
  too_many_data_sources: asWhole,
  too_many_secrets: asWhole,
  too_many_webhooks: asWhole,
  too_many_permissions: asWhole,
  permission_in_use: asWhole,
};

/** One entry for each field, with everything that is wrong with it. */
const entriesOf = (error: DirectoryError): FieldError[] =>
  [...Map.groupBy(answerTo(error, REASONS), ([field]) => field)].map(([field, reasons]) => ({
    field,
    messages: [...new Set(reasons.map(([, message]) => message))],
  }));

/** What a mutation answers: what was done, or why nothing was. */
export interface MutationOutcome<Result> {
  done: Result | null;
  errors: readonly FieldError[];
}

/**
 * Returns what the directory's command did, or why it was refused, as payloads have it.
 *
 * @throws ForbiddenError whose message fails the request: nothing of the input is to blame.
 */
export async function outcomeOf<Result>(result: Promise<Result>): Promise<MutationOutcome<Result>> {
  try {
    return { done: await result, errors: [] };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return { done: null, errors: entriesOf(error) };
  }
}

/** For output fields that several payloads share. */
export type OutputFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Shape>;

export const errorsField = <Result>(t: OutputFields<MutationOutcome<Result>>) =>
  t.field({
    type: [ErrorType],
    ...price(COVERED),
    description: 'Why nothing was changed; empty if it was done, or was so before.',
    resolve: ({ errors }) => errors,
  });
