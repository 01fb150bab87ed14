import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { sql } from '../../db/sql.ts';
import { allOf, differs, update } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { allExist } from '../commands/references.ts';
import { uniqueValuesOf, writtenOf } from '../commands/unique-values.ts';
import { planDelete, planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { holdsPermissions } from '../guards/grant-guard.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { id } from '../kernel/input.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import { isEmbedded, TRUSTED_ISSUER } from './entity.ts';
import {
  issuerPatch,
  type Listed,
  NOT_EMBEDDED,
  newIssuer,
  resolveCustomers,
  resolveRoles,
  trustedKeys,
} from './input.ts';
import { type ListName, listedIds, type TrustedIssuerRecord } from './queries.ts';

export interface TrustedIssuerResult {
  /** Null where a repetition cannot show it any more. */
  trustedIssuer: TrustedIssuerRecord | null;
}

const asResult = (trustedIssuer: TrustedIssuerRecord | null): TrustedIssuerResult => ({ trustedIssuer });

/** An issuer may do what those whom it signs in may: nobody sets one up, changes or ends it who does not hold as much. */
const holdsRoles = (viewer: Viewer, roleIds: SQL): Check<unknown> =>
  holdsPermissions(
    viewer,
    sql`SELECT role_permission.permission AS permission FROM role_permission
      WHERE role_permission.role_id IN (${roleIds})`,
  );

/**
 * Checks, for a viewer who ends, that the trust in an issuer, which has no end, lets in no more than before. `admitsMore`
 * says whether it does.
 * @throws ForbiddenError
 */
const admitsNoMore = ({ expiresAt }: Viewer, admitsMore: SQL): Check<unknown>[] =>
  expiresAt === null
    ? []
    : [
        {
          problem: sql`iif(${admitsMore}, 'lasting', NULL)`,
          error: () =>
            ForbiddenError.outOfReach('This API key expires, and trust in an issuer does not: it lets in nobody more.'),
        },
      ];

const listedBy = (name: ListName, issuerId: string): SQL =>
  sql`SELECT ${sql.identifier(`${name}_id`)} FROM ${sql.identifier(`trusted_issuer_${name}`)}
    WHERE issuer_id = ${issuerId}`;

const rolesOf = (issuerId: string): SQL => listedBy('role', issuerId);

const fill = (name: ListName, issuerId: string, { ids }: Listed, condition: SQL): SQL => {
  const [table, column] = [sql.identifier(`trusted_issuer_${name}`), sql.identifier(`${name}_id`)];
  return sql`INSERT INTO ${table} (issuer_id, ${column}) SELECT ${issuerId}, id FROM (${ids}) WHERE ${condition}`;
};

interface GivenNames {
  kind?: TrustedIssuerRecord['kind'] | undefined;
  issuer?: string | undefined;
  audience?: string | undefined;
}

/** Returns the columns for what the tokens of a new issuer name. Those of an embedded one name none that anybody could give. */
const namesOf = (issuerId: string, { kind = 'STANDARD', issuer, audience }: GivenNames) =>
  kind === 'EMBEDDED' ? { kind, issuer: `embedded:${issuerId}`, audience: '' } : { kind, issuer, audience };

/** Checks that a change gives an embedded issuer no name in tokens. */
const keepsNamesFor = (target: SQL, { issuer, audience }: GivenNames): Check<unknown>[] => {
  const path = issuer === undefined ? 'audience' : 'issuer';
  if (issuer === undefined && audience === undefined) return [];
  return [
    {
      problem: sql`(SELECT 'embedded' FROM trusted_issuer WHERE ${target} AND ${isEmbedded})`,
      error: () => ValidationError.at(path, NOT_EMBEDDED),
    },
  ];
};

/**
 * Trusts the tokens of an issuer to sign in users of the listed customers with the listed roles. The viewer holds what
 * these roles grant.
 */
export const createTrustedIssuer = command({
  name: 'createTrustedIssuer',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: newIssuer,
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { roleIdentifiers, customerIdentifiers, ...given }): Plan<TrustedIssuerResult, TrustedIssuerRecord> {
    const issuerId = newId();
    const [roles, customers] = [resolveRoles(roleIdentifiers), resolveCustomers(customerIdentifiers)];
    const values = {
      ...given,
      ...namesOf(issuerId, given),
      ...trustedKeys(given),
      id: issuerId,
      createsUsers: given.createsUsers ?? false,
      createdAt: creationTime(issuerId),
      updatedAt: creationTime(issuerId),
    };
    return planInsert(context, TRUSTED_ISSUER, {
      type: 'trustedIssuer.created',
      checks: [
        allExist([roles.missing, customers.missing]),
        holdsRoles(context.viewer, roles.ids),
        ...admitsNoMore(context.viewer, sql`TRUE`),
      ],
      values,
      writes: (created) => [fill('role', issuerId, roles, created), fill('customer', issuerId, customers, created)],
      unique: uniqueValuesOf(TRUSTED_ISSUER, context.viewer, writtenOf(values), sql`FALSE`),
      result: asResult,
    });
  },
});

const isListed = (name: ListName, issuerId: string, { ids }: Listed): SQL =>
  sql`${listedIds(name, sql`${issuerId}`)} = (SELECT json_group_array(id) FROM (SELECT id FROM (${ids}) ORDER BY id))`;

/**
 * Changes a trusted issuer. Sessions end of users whom its lists leave out. All of its sessions end when its tokens would
 * be read in another way, or its keys are replaced, because a key may have been lost.
 */
export const updateTrustedIssuer = command({
  name: 'updateTrustedIssuer',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: issuerPatch,
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, given): Plan<TrustedIssuerResult, TrustedIssuerRecord> {
    const { id, name, issuer, audience, createsUsers, roleIdentifiers, customerIdentifiers } = given;
    const target = sql`trusted_issuer.id = ${id}`;
    const trust = { issuer, audience, ...trustedKeys(given) };
    const values = { name, createsUsers, ...trust };
    const lists = [
      ...(roleIdentifiers ? [{ name: 'role' as const, listed: resolveRoles(roleIdentifiers) }] : []),
      ...(customerIdentifiers ? [{ name: 'customer' as const, listed: resolveCustomers(customerIdentifiers) }] : []),
    ];
    const listedRoles = lists.flatMap(({ name, listed }) => (name === 'role' ? [listed.ids] : []));
    const isSame = allOf([
      sql`NOT ${differs(trustedIssuers, values)}`,
      ...lists.map(({ name, listed }) => isListed(name, id, listed)),
    ]);
    const wider = { ...trust, ...(createsUsers && { createsUsers }) };
    const admitsMore = sql.join(
      [
        sql`EXISTS (SELECT 1 FROM trusted_issuer WHERE ${target} AND ${differs(trustedIssuers, wider)})`,
        ...lists.map(({ name, listed }) => sql`EXISTS (${listed.ids} EXCEPT ${listedBy(name, id)})`),
      ],
      sql` OR `,
    );
    const endSessions = (updated: SQL, condition: SQL) =>
      sql`DELETE FROM session WHERE session.issuer_id = ${id} AND ${updated} AND ${condition}`;
    return planUpdate(context, TRUSTED_ISSUER, {
      type: 'trustedIssuer.updated',
      target,
      missing: lists.map(({ listed }) => listed.missing),
      checks: [
        ...keepsNamesFor(target, given),
        holdsRoles(context.viewer, sql.join([rolesOf(id), ...listedRoles], sql` UNION `)),
        ...admitsNoMore(context.viewer, admitsMore),
      ],
      changes: sql`NOT ${isSame}`,
      before: TRUSTED_ISSUER.snapshot,
      writes: (updated) => [
        endSessions(
          updated,
          sql`EXISTS (SELECT 1 FROM trusted_issuer WHERE ${target} AND ${differs(trustedIssuers, trust)})`,
        ),
        update(trustedIssuers, { ...values, updatedAt: context.at }, sql`${target} AND ${updated}`),
        ...lists.flatMap(({ name, listed }) => [
          sql`DELETE FROM ${sql.identifier(`trusted_issuer_${name}`)} WHERE issuer_id = ${id} AND ${updated}`,
          fill(name, id, listed, updated),
        ]),
        endSessions(
          updated,
          sql`NOT EXISTS (SELECT 1 FROM user WHERE user.id = session.user_id AND ${isListedBy(sql`${id}`)})`,
        ),
      ],
      unique: uniqueValuesOf(TRUSTED_ISSUER, context.viewer, writtenOf(values), target),
      result: asResult,
    });
  },
});

/**
 * Ends the trust in an issuer, its sessions, and what its external ids stood for. The users stay; those without a password
 * are INVITED again (trigger `invited_without_identity`).
 */
export const deleteTrustedIssuer = command({
  name: 'deleteTrustedIssuer',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<TrustedIssuerResult, TrustedIssuerRecord> {
    return planDelete(context, TRUSTED_ISSUER, {
      type: 'trustedIssuer.deleted',
      target: sql`trusted_issuer.id = ${id}`,
      checks: [holdsRoles(context.viewer, rolesOf(id))],
      result: asResult,
    });
  },
});
