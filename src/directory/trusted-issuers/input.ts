import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, type Values } from '../../db/statement.ts';
import { pathOf } from '../commands/references.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  type CustomerIdentifier,
  choice,
  customerIdentifier,
  exactText,
  flag,
  id,
  MAX_IDENTIFIERS,
  newRecord,
  otherwise,
  type RoleIdentifier,
  roleIdentifier,
  text,
  webAddress,
} from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { isPublicHost } from '../kernel/public-hosts.ts';
import {
  hasKey,
  holderOf,
  meantFirst,
  soughtEmail,
  soughtExternalId,
  soughtIn,
  soughtName,
} from '../kernel/sought-keys.ts';
import { publicKeys, usualAlgorithms } from './json-web-keys.ts';
import { SIGNING_ALGORITHMS } from './signing-algorithms.ts';

const identifiersOf = <const I extends z.ZodType>(identifier: I) =>
  z
    .array(identifier, { error: otherwise('must be a list') })
    .min(1, 'must be at least one')
    .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`);

const algorithms = lazily(() =>
  z
    .array(choice(SIGNING_ALGORITHMS), { error: otherwise('must be a list') })
    .min(1, 'must be at least one')
    .transform((given) => SIGNING_ALGORITHMS.filter((name) => given.includes(name))),
);

/** The URL that keys are read from. TLS proves that they are the issuer's; a public host is none of our own network. */
const jwksUrl = lazily(() =>
  webAddress().pipe(
    z.string().refine(
      (address) => {
        const { protocol, username, password, hostname } = new URL(address);
        return protocol === 'https:' && username === '' && password === '' && isPublicHost(hostname);
      },
      { error: 'must be an https URL of a public host, without credentials' },
    ),
  ),
);

interface GivenKeys {
  keys?: unknown;
  jwksUrl?: unknown;
}

/** How many sources of keys are given: the keys themselves, a URL of keys, or both. */
const keyCount = ({ keys, jwksUrl }: GivenKeys): number => [keys, jwksUrl].filter((given) => given != null).length;
const NOT_BOTH = {
  ...ALTHOUGH_OTHERS_ARE_WRONG,
  path: ['keys'],
  error: 'must be given, or else jwksUrl, and not both',
};

/**
 * How the tokens of an issuer say who made them, and for whom: STANDARD as `iss` and `aud`, EMBEDDED by neither, but as
 * `organization`, the id of the organization.
 */
export const ISSUER_KINDS = ['STANDARD', 'EMBEDDED'] as const;

interface GivenNames {
  kind?: unknown;
  issuer?: unknown;
  audience?: unknown;
}

/** Requires what the tokens of a new issuer name, and refuses what they do not. */
function namesMatchKind({ kind = 'STANDARD', ...names }: GivenNames, context: z.RefinementCtx): void {
  if (!ISSUER_KINDS.some((known) => known === kind)) return;
  const isEmbedded = kind === 'EMBEDDED';
  for (const path of ['issuer', 'audience'] as const) {
    const isGiven = names[path] !== undefined;
    if (isGiven !== isEmbedded) continue;
    const message = isEmbedded ? NOT_EMBEDDED : 'is required';
    context.addIssue({ code: 'custom', path: [path], message, input: names[path] });
  }
}

/** What is wrong with a name in tokens that have none. */
export const NOT_EMBEDDED = 'does not go with the kind EMBEDDED';

const details = lazily(() => ({
  name: text(),
  issuer: exactText(),
  audience: exactText(),
  roleIdentifiers: identifiersOf(roleIdentifier()),
  customerIdentifiers: identifiersOf(customerIdentifier()),
}));

/** The input of a new trusted issuer. */
export const newIssuer = () =>
  newRecord({
    ...details(),
    kind: choice(ISSUER_KINDS).optional(),
    issuer: exactText().optional(),
    audience: exactText().optional(),
    algorithms: algorithms().optional(),
    keys: publicKeys().optional(),
    jwksUrl: jwksUrl().optional(),
    createsUsers: flag().optional(),
  })
    .refine((given) => keyCount(given) === 1, NOT_BOTH)
    .superRefine(namesMatchKind, ALTHOUGH_OTHERS_ARE_WRONG);

/** The input of a change to a trusted issuer. */
export const issuerPatch = () =>
  z
    .object({ ...details(), algorithms: algorithms(), createsUsers: flag() })
    .partial()
    .extend({ id: id(), keys: publicKeys().nullish(), jwksUrl: jwksUrl().nullish() })
    .refine((given) => keyCount(given) < 2, NOT_BOTH);

type KeysPatch = Pick<OutputOf<typeof issuerPatch>, 'keys' | 'jwksUrl' | 'algorithms'>;

/**
 * Returns the columns for an issuer's keys. Keys replace a URL, and a URL keys; with them go the usual algorithms if
 * none are given.
 */
export function trustedKeys({ keys, jwksUrl, algorithms }: KeysPatch): Values<typeof trustedIssuers> {
  if (keys == null && jwksUrl == null) return { algorithms };
  return { keys: keys ?? null, jwksUrl: jwksUrl ?? null, algorithms: algorithms ?? usualAlgorithms(keys ?? null) };
}

/** What a list of identifiers names. */
export interface Listed {
  /** The ids of the records that were found, as a SELECT of `id`. */
  ids: SQL;
  /** A row (path, entity) for each identifier that names no record. */
  missing: SQL;
}

/** Looks up identifiers. `found` is an expression for the id of one record, over the JSON object `given.value`. */
function resolve(given: readonly Record<string, unknown>[], entity: string, found: SQL): Listed {
  const rows = sql`(SELECT given.value ->> 'path' AS path, ${found} AS id FROM json_each(${jsonList(given)}) given)`;
  return {
    ids: sql`SELECT DISTINCT id FROM ${rows}`,
    missing: sql`SELECT path, ${entity} AS entity FROM ${rows} WHERE id IS NULL`,
  };
}

/** Looks up the roles for users of customers that these identifiers name. */
export const resolveRoles = (identifiers: readonly RoleIdentifier[]): Listed =>
  resolve(
    identifiers.map((identifier, position) => ({
      id: identifier.id,
      name: identifier.name && soughtName(identifier.name),
      path: pathOf(`roleIdentifiers.${position}`, identifier),
    })),
    'role',
    sql`(SELECT role.id FROM role WHERE role.scope = 'CUSTOMER'
      AND (role.id = given.value ->> 'id' OR ${hasKey('role', 'name_key', givenKeys('name'))})
      ${meantFirst('role', 'name_key', givenKeys('name'))})`,
  );

const givenKeys = (member: string) => soughtIn(sql`given.value`, member);

/** Looks up the live customers that these identifiers name. */
export const resolveCustomers = (identifiers: readonly CustomerIdentifier[]): Listed =>
  resolve(
    identifiers.map((identifier, position) => ({
      id: identifier.id,
      email: identifier.email && soughtEmail(identifier.email),
      externalId: identifier.externalId && soughtExternalId(identifier.externalId),
      path: pathOf(`customerIdentifiers.${position}`, identifier),
    })),
    'customer',
    sql`(SELECT customer.id FROM customer WHERE customer.deleted_at IS NULL AND customer.id = coalesce(
      given.value ->> 'id', ${holderOf('customer', 'email_key', givenKeys('email'))},
      ${holderOf('customer', 'external_id_key', givenKeys('externalId'))}))`,
  );
