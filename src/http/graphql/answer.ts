import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import { OutcomeUnknownError } from '../../db/errors.ts';
import type { Following } from '../../graphql/events/following.ts';
import { subjectIdOf } from '../../graphql/shared/ids.ts';
import { presentable, type ShownError } from '../shared/failures.ts';
import { IDEMPOTENCY_KEY } from '../shared/idempotency-key.ts';
import type { GraphQLApi } from './api.ts';
import { type ContentType, JSON_TYPE } from './content-type.ts';
import { placesOf } from './documents.ts';
import { MAX_ERROR_BYTES, MAX_ERRORS_OF_A_KIND, MAX_MESSAGE_CHARACTERS, type OperationCost } from './limits.ts';
import { effectAbove, type Mutated } from './mutation-fields.ts';

const MAX_LOCATIONS = 5;

/** A request that GraphQL has an answer to. */
export interface Asked {
  requestId: string;
  /** The key that it may be repeated under; null if it has none, undefined if that is not one that is taken. */
  key: string | null | undefined;
  params?: {
    query?: string | undefined;
    operationName?: string | undefined;
    variables?: Record<string, unknown> | undefined;
  };
  /** The parsed document; not given where there is none. */
  document?: DocumentNode;
  /** Whether that document is valid; not given where there is none. */
  isValid?: boolean;
  /** What its mutations have done. */
  mutated: Mutated;
  /** Where its subscription stands; not given where none is streamed. */
  following?: Following | undefined;
  /** What its operation costs; not given where that has not been asked. */
  cost?: OperationCost;
  /** Whether the answer says so. */
  showsCost: boolean;
}

/** How an API spells errors and ids in them, and what statuses it knows. */
type Spelling = Pick<GraphQLApi, 'spelled' | 'idOf' | 'followsGraphQLOverHttp'>;

const WAS_DONE = 'This was done.';
const NOT_READ = 'Only this part of the answer could not be read.';
const NOT_DONE = 'The database is not available for the moment: this was not done.';

/** Of failures that nobody but us is to blame for. */
const IS_OURS = ['SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR'];

/**
 * Returns an error as the caller may see it, before it is spelled. One at or below a mutation that took effect says so, and
 * which record it was. No error beside that, or beside a mutation that may have taken effect, invites to ask for all again.
 */
export function shownOf(
  error: GraphQLError,
  { mutated, requestId }: Pick<Asked, 'mutated' | 'requestId'>,
  { idOf = ({ type, id }) => subjectIdOf(type, id) }: Pick<Spelling, 'idOf'>,
  mayBeDone = mutated.effects.size > 0,
): ShownError {
  const presented = presentable(error, requestId);
  if (!mayBeDone) return presented;
  const { http, message, extensions, ...place } = presented;
  const { code } = extensions;
  const { effects } = mutated;
  const shown = { ...place, http: effects.size === 0 && http ? { status: http.status } : undefined };
  const field = error.path ? effectAbove(error.path, mutated) : undefined;
  if (field === undefined) {
    return { ...shown, extensions, message: code === 'SERVICE_UNAVAILABLE' ? NOT_DONE : message };
  }
  const record = effects.get(field);
  const isOurs = IS_OURS.includes(String(code));
  return {
    ...shown,
    message: `${WAS_DONE} ${isOurs ? NOT_READ : message}`,
    extensions: {
      ...extensions,
      ...(isOurs && { code: 'INTERNAL_SERVER_ERROR' }),
      committed: true,
      ...(record && { id: idOf(record) }),
    },
  };
}

/** Whether nobody knows if a mutation took effect, or can find out by asking again. */
const isUncertain = ({ originalError }: GraphQLError): boolean =>
  originalError instanceof OutcomeUnknownError && !originalError.isRepeatable;

/** An outcome that is not known decides about the status of an answer only if that has nothing else to say. */
const decides = ({ extensions }: ShownError, data: ExecutionResult['data']): boolean =>
  extensions.code !== 'OUTCOME_UNKNOWN' || Object.values(data ?? {}).every((value) => value === null);

/**
 * Returns the answer over HTTP. Its errors are in the format of the API, as `spelled` gives it; there are few of them, and
 * all of them together are short. What is not shown counts for the status all the same, and unexpected errors are logged.
 */
export function answerOf(
  { data, errors = [] }: ExecutionResult,
  asked: Asked,
  api: Spelling,
  contentType: ContentType,
): Response {
  const { effects, repeatable } = asked.mutated;
  const mayBeDone = effects.size > 0 || errors.some(isUncertain);
  const all = errors.map((error) => {
    const shown = shownOf(error, asked, api, mayBeDone);
    return { error, shown: api.spelled(decides(shown, data) ? shown : { ...shown, http: undefined }) };
  });
  const outcome = api.followsGraphQLOverHttp ? strictOutcome(data, all, contentType) : outcomeOf(data, all);
  const headers = Object.assign({}, ...all.map(({ shown }) => shown.http?.headers));
  const body = {
    ...(outcome.data !== undefined && { data: outcome.data }),
    ...(all.length > 0 && { errors: shownErrors(all, asked) }),
    ...(asked.showsCost && asked.cost && { extensions: { cost: asked.cost } }),
  };
  return new Response(JSON.stringify(body), {
    status: outcome.status,
    headers: {
      ...headers,
      ...(repeatable && { [IDEMPOTENCY_KEY]: repeatable.key }),
      'content-type': `${contentType}; charset=utf-8`,
    },
  });
}

/** The data and the status of an answer. */
interface Outcome {
  data: ExecutionResult['data'];
  status: number;
}

/** Returns the data, and the highest status that an error asks for. */
function outcomeOf(data: ExecutionResult['data'], all: readonly Presented[]): Outcome {
  const statuses = all.flatMap(({ shown }) => shown.http?.status ?? []);
  return { data, status: statuses.length > 0 ? Math.max(...statuses) : data === undefined ? 400 : 200 };
}

/** What GraphQL refuses by itself. What was refused before it, such as a body without a query, is no answer of it. */
const REFUSALS: readonly unknown[] = [
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
];

/**
 * Returns the data and the status as GraphQL over HTTP has them: data that says anything comes with 200 and not with 4xx, and
 * data of which nothing is left makes room for the status of what failed.
 */
function strictOutcome(data: ExecutionResult['data'], all: readonly Presented[], contentType: ContentType): Outcome {
  const { status } = outcomeOf(data, all);
  if (status < 400 || status >= 500) return { data, status };
  const isRefused = all.every(({ shown }) => REFUSALS.includes(shown.extensions.code));
  if (isRefused && contentType === JSON_TYPE) return { data, status: 200 };
  if (data == null) return { data, status };
  const isEmpty = Object.values(data).every((value) => value === null);
  return isEmpty ? { data: null, status } : { data, status: 200 };
}

/** An error as it stands in the answer. */
type Answered = Omit<ShownError, 'http'>;

/** An error, and what may be shown of it. */
interface Presented {
  error: GraphQLError;
  shown: ShownError;
}

/** Only what is shown is looked at closely: an operation can fail at thousands of places. */
function shownErrors(all: readonly Presented[], { document, params, mutated }: Asked): Answered[] {
  const first = firstOfEachCode(all, mutated);
  const hasNodes = first.some(({ error }) => error.nodes !== undefined);
  const placeOf = hasNodes && document && params?.query ? placesOf(document, params.query) : () => null;
  const errors = first.map(({ error, shown: { http: _http, message, path, ...shown } }) => {
    const places = error.nodes?.slice(0, MAX_LOCATIONS).flatMap((node) => placeOf(node) ?? []) ?? [];
    const locations = places.length > 0 ? places : (error.locations ?? shown.locations);
    return {
      message: withoutSecrets(cut(message)),
      ...(locations && { locations }),
      ...(path && { path: cutPath(path) }),
      extensions: shown.extensions,
    };
  });
  return withinLimit(errors);
}

/** Returns the first errors of each code, and the first of each mutation that took effect, however many others have. */
function firstOfEachCode(all: readonly Presented[], mutated: Mutated): Presented[] {
  const counts = new Map<unknown, number>();
  return all.filter(({ error, shown: { extensions } }) => {
    const field = error.path && effectAbove(error.path, mutated);
    const [ofField, ofCode] = [`mutation ${field}`, extensions.code].map((name) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return count;
    });
    return (field !== undefined && ofField === 1) || Number(ofCode) <= MAX_ERRORS_OF_A_KIND;
  });
}

const cut = (text: string): string =>
  text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS - 1).toWellFormed()}…`;

/** A secret that is made here, or a JSON Web Token. */
const SECRETS = /\b(?:(tenantry[a-z-]*_)[0-9a-f]{8}[0-9a-f_]*|(eyJ)[\w-]+\.[\w-]+(?:\.[\w-]*)?)/g;

/** GraphQL quotes what it does not take. Programs log such messages, and shall not log the credentials of others with them. */
const withoutSecrets = (message: string): string => message.replace(SECRETS, '$1$2…');

/** Returns as much of the path, from its beginning, as is short. */
function cutPath(path: readonly (string | number)[]): (string | number)[] {
  let characters = 0;
  const end = path.findIndex((part) => {
    characters += String(part).length;
    return characters > MAX_MESSAGE_CHARACTERS;
  });
  return end < 0 ? [...path] : path.slice(0, end);
}

const bytesOf = (error: Answered): number => Buffer.byteLength(JSON.stringify(error));

/** Leaves out the last issues of an error that is too long by itself, and the last errors where they are too long together. */
function withinLimit(errors: readonly Answered[]): Answered[] {
  let left = MAX_ERROR_BYTES;
  const kept: Answered[] = [];
  for (const error of errors.map(shortened)) {
    left -= bytesOf(error);
    if (left < 0) return kept;
    kept.push(error);
  }
  return kept;
}

function shortened(error: Answered): Answered {
  let shown = error;
  while (bytesOf(shown) > MAX_ERROR_BYTES) {
    const { issues, ...extensions } = shown.extensions;
    const fewer = Array.isArray(issues) && issues.length > 1 ? { issues: issues.slice(0, issues.length / 2) } : {};
    shown = { ...shown, extensions: { ...extensions, ...fewer } };
    if (issues === undefined) return { ...shown, extensions: { code: extensions.code } };
  }
  return shown;
}
