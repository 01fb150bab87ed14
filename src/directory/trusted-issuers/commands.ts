import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { allOf, differs, insertWhen, mapRows, update } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import { type Check, command, type Plan, type UniqueValue } from '../commands/command.ts';
import { recordAfter, recordEvent, recordedSubjects, wasRecorded } from '../commands/event-recording.ts';
import { holdsPermissions } from '../commands/grant-guard.ts';
import { allExist, missingUnless } from '../commands/references.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { id } from '../kernel/input.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import { issuerPatch, type Listed, newIssuer, resolveCustomers, resolveRoles, trustedKeys } from './input.ts';
import { type ListName, listedIds, type TrustedIssuerRecord, trustedIssuerRows } from './queries.ts';

export interface TrustedIssuerResult {
  trustedIssuer: TrustedIssuerRecord;
}

const asResult = (trustedIssuer: TrustedIssuerRecord): TrustedIssuerResult => ({ trustedIssuer });

/** What the API shows of an issuer, as events keep it: its keys are public. */
const SNAPSHOT = sql`json_object(
  'name', trusted_issuer.name, 'issuer', trusted_issuer.issuer, 'audience', trusted_issuer.audience,
  'algorithms', json(trusted_issuer.algorithms), 'keys', json(trusted_issuer.keys), 'jwksUrl', trusted_issuer.jwks_url,
  'createsUsers', json(iif(trusted_issuer.creates_users, 'true', 'false')),
  'roleIds', json(${listedIds('role', sql`trusted_issuer.id`)}),
  'customerIds', json(${listedIds('customer', sql`trusted_issuer.id`)}))`;
const SNAPSHOT_OF_SUBJECT = sql`(SELECT ${SNAPSHOT} FROM trusted_issuer WHERE trusted_issuer.id = event.subject_id)`;
const SUBJECT = { subjectType: 'TrustedIssuer', subjectId: sql`trusted_issuer.id` } as const;

/** An issuer may do what those whom it signs in may: nobody sets one up, changes or ends it who does not hold as much. */
const holdsRoles = (viewer: Viewer, roleIds: SQL): Check<unknown> =>
  holdsPermissions(
    viewer,
    sql`SELECT role_permission.permission AS permission FROM role_permission
      WHERE role_permission.role_id IN (${roleIds})`,
  );

const rolesOf = (issuerId: string): SQL =>
  sql`SELECT trusted_issuer_role.role_id FROM trusted_issuer_role WHERE trusted_issuer_role.issuer_id = ${issuerId}`;

const fill = (name: ListName, issuerId: string, { ids }: Listed, condition: SQL): SQL => {
  const [table, column] = [sql.identifier(`trusted_issuer_${name}`), sql.identifier(`${name}_id`)];
  return sql`INSERT INTO ${table} (issuer_id, ${column}) SELECT ${issuerId}, id FROM (${ids}) WHERE ${condition}`;
};

function issuerIsFree(issuer: string | undefined): UniqueValue[] {
  if (issuer === undefined) return [];
  const holder = trustedIssuerRows(sql`WHERE trusted_issuer.issuer = ${issuer}`);
  return [
    {
      column: 'trusted_issuer.issuer',
      path: 'issuer',
      holder: mapRows(holder, (record) => ({ entity: 'TrustedIssuer' as const, record })),
    },
  ];
}

export const createTrustedIssuer = command({
  name: 'createTrustedIssuer',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: newIssuer,
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { roleIdentifiers, customerIdentifiers, ...given }): Plan<TrustedIssuerResult, TrustedIssuerRecord> {
    const issuerId = newId();
    const [roles, customers] = [resolveRoles(roleIdentifiers), resolveCustomers(customerIdentifiers)];
    const type = 'trustedIssuer.created';
    const created = wasRecorded(context, type);
    const values = {
      ...given,
      ...trustedKeys(given),
      id: issuerId,
      createsUsers: given.createsUsers ?? false,
      createdAt: creationTime(issuerId),
      updatedAt: creationTime(issuerId),
    };
    return {
      checks: [allExist([roles.missing, customers.missing]), holdsRoles(context.viewer, roles.ids)],
      writes: (allowed) => [
        recordEvent(context, { ...SUBJECT, type, subjectId: sql`${issuerId}` }, sql`WHERE ${allowed}`),
        insertWhen(trustedIssuers, values, created),
        fill('role', issuerId, roles, created),
        fill('customer', issuerId, customers, created),
        recordAfter(context, type, SNAPSHOT_OF_SUBJECT),
      ],
      unique: issuerIsFree(given.issuer),
      answer: trustedIssuerRows(sql`WHERE trusted_issuer.id = ${issuerId}`),
      result: asResult,
    };
  },
});

const isThere = (target: SQL): Check<unknown> =>
  allExist([missingUnless(sql`EXISTS (SELECT 1 FROM trusted_issuer WHERE ${target})`, 'id', 'trusted issuer')]);

const isListed = (name: ListName, issuerId: string, { ids }: Listed): SQL =>
  sql`${listedIds(name, sql`${issuerId}`)} = (SELECT json_group_array(id) FROM (SELECT id FROM (${ids}) ORDER BY id))`;

/**
 * Whoever the lists leave out is out. Whoever came by a token that would be read in another way now, or by a key that may
 * have been replaced because it was lost, comes again with a new one.
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
    const type = 'trustedIssuer.updated';
    const updated = wasRecorded(context, type);
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
    const endSessions = (condition: SQL) =>
      sql`DELETE FROM session WHERE session.issuer_id = ${id} AND ${updated} AND ${condition}`;
    return {
      checks: [
        isThere(target),
        ...(lists.length > 0 ? [allExist(lists.map(({ listed }) => listed.missing))] : []),
        holdsRoles(context.viewer, sql.join([rolesOf(id), ...listedRoles], sql` UNION `)),
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type, before: SNAPSHOT },
          sql`FROM trusted_issuer WHERE ${target} AND NOT ${isSame} AND ${allowed}`,
        ),
        endSessions(sql`EXISTS (SELECT 1 FROM trusted_issuer WHERE ${target} AND ${differs(trustedIssuers, trust)})`),
        update(trustedIssuers, { ...values, updatedAt: context.at }, sql`${target} AND ${updated}`),
        ...lists.flatMap(({ name, listed }) => [
          sql`DELETE FROM ${sql.identifier(`trusted_issuer_${name}`)} WHERE issuer_id = ${id} AND ${updated}`,
          fill(name, id, listed, updated),
        ]),
        endSessions(sql`NOT EXISTS (SELECT 1 FROM user WHERE user.id = session.user_id AND ${isListedBy(sql`${id}`)})`),
        recordAfter(context, type, SNAPSHOT_OF_SUBJECT),
      ],
      unique: issuerIsFree(issuer),
      answer: trustedIssuerRows(sql`WHERE ${target}`),
      result: asResult,
    };
  },
});

/** The sessions that it began end, and what its external ids stood for is forgotten. The users stay. */
export const deleteTrustedIssuer = command({
  name: 'deleteTrustedIssuer',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: z.object({ id }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<TrustedIssuerResult, TrustedIssuerRecord> {
    const target = sql`trusted_issuer.id = ${id}`;
    const type = 'trustedIssuer.deleted';
    return {
      checks: [isThere(target), holdsRoles(context.viewer, rolesOf(id))],
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type, before: SNAPSHOT },
          sql`FROM trusted_issuer WHERE ${target} AND ${allowed}`,
        ),
        sql`DELETE FROM trusted_issuer WHERE trusted_issuer.id IN ${recordedSubjects(context, type)}`,
      ],
      answer: trustedIssuerRows(sql`WHERE ${target}`),
      answersBeforeWriting: true,
      result: asResult,
    };
  },
});
