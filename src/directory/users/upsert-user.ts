import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { userInReach } from '../access/reach.ts';
import { type Check, canFail, NO_PROBLEM } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { alteration, creation, exists, missing, subjectOf } from '../commands/entity.ts';
import { allRecordedSubjects, wasRecorded } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, pathOf } from '../commands/references.ts';
import { changes } from '../commands/unique-values.ts';
import {
  isNotTaken,
  keepsIdentifier,
  type UpsertOutcome,
  uniqueValuesOfUpsert,
  upsertOutcome,
} from '../commands/upsert.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { outlastsNobody, ownRoleOf } from '../guards/expiry-guard.ts';
import { holdsUser } from '../guards/grant-guard.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  LastAdminError,
  LastOwnerError,
  NotFoundError,
  ValidationError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  customerIdentifier,
  emailAddress,
  flag,
  roleIdentifier,
  tenantIdentifier,
  type UserIdentifier,
  userIdentifier,
} from '../kernel/input.ts';
import { isInvitedAnew, requestInvitations } from '../mail/mailed-links.ts';
import { shareableInvitation } from '../mail/shareable-invitations.ts';
import { newUser, patchedUser, type UserPatch, userDetails } from './columns.ts';
import { isAnotherEmail } from './commands.ts';
import { type InvitedResult, USER } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { writeTenantRoles } from './tenant-roles.ts';
import { resolvePlace, roleStep, type UpsertedUser } from './upsert-place.ts';

/** The user, and whether they were created, changed or left as they were. */
export interface UserUpsertResult extends InvitedResult {
  outcome: UpsertOutcome;
}

/**
 * Changes the user whom an identifier names, or creates and invites one, in the place that is given: a customer, a tenant, or else
 * the organization. Of a user who exists it does what an import does of a row, `importUsers`, by the rules of the commands for
 * one user: the details are changed as by `updateUser`. The role that is given is the user's in that tenant, as by
 * `assignTenantRole`, or else their own, as by `updateUser`. A customer that is given must be theirs. What is so already asks for
 * nothing: who only repeats what is there need not hold it. Nobody is reactivated, and nobody who exists is invited, but by another
 * e-mail address (trigger `access_follows_email`).
 */
export const upsertUser = command({
  name: 'upsertUser',
  permissions: ['user:create', 'user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () =>
    z
      .object({
        ...userDetails(),
        identifier: userIdentifier(),
        email: emailAddress().optional(),
        roleIdentifier: roleIdentifier().nullish(),
        customerIdentifier: customerIdentifier().nullish(),
        tenantIdentifier: tenantIdentifier().nullish(),
        handOutLink: flag().nullish(),
      })
      .superRefine(keepsIdentifier(['externalId']), ALTHOUGH_OTHERS_ARE_WRONG)
      .refine(({ customerIdentifier, tenantIdentifier }) => customerIdentifier == null || tenantIdentifier == null, {
        ...ALTHOUGH_OTHERS_ARE_WRONG,
        path: ['tenantIdentifier'],
        error: 'must not be given beside a customer',
      })
      .refine(({ roleIdentifier, tenantIdentifier }) => roleIdentifier != null || tenantIdentifier == null, {
        ...ALTHOUGH_OTHERS_ARE_WRONG,
        path: ['roleIdentifier'],
        error: 'is required beside a tenant',
      }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, LastOwnerError, LastAdminError, ForbiddenError],
  plan(
    context,
    { identifier, roleIdentifier, customerIdentifier, tenantIdentifier, handOutLink, ...patch },
  ): Plan<UserUpsertResult, UserRecord> {
    const { viewer } = context;
    const newUserId = newId();
    const target = isUser(identifier);
    const reached = sql`${target} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const path = pathOf('identifier', identifier);
    // Whoever is out of reach is judged like nobody, until it is said last that the identifier is taken.
    const isThere = exists(USER, reached);
    const user: UpsertedUser = {
      userId: sql`(SELECT user.id FROM user WHERE ${reached})`,
      newUserId,
      reached,
      isNamedById: identifier.id != null,
    };

    const place = resolvePlace(context, user, { roleIdentifier, customerIdentifier, tenantIdentifier });
    const role = roleStep(context, user, place);
    const given = newDetails(identifier, patch);
    const newValues = given && { ...newUser(given, place.home), defaultTenantId: place.tenantId };
    const creating = newValues && creation(context, USER, newUserId, newValues);
    const otherValues = { ...patchedUser(patch), roleId: role.own ?? undefined };
    const changing = alteration(context, USER, reached, otherValues);
    const isCreated = sql`user.id = ${newUserId} AND ${wasRecorded(context, 'user.created')}`;
    const shareable = shareableInvitation(context, handOutLink);
    return {
      checks: [
        ...place.isOpen,
        allExist([...place.missing, ...(identifier.id == null ? [] : [missing(USER, reached, path)])]),
        isComplete(isThere, { email: given, roleIdentifier }),
        ...place.isTheirs,
        ...(Object.values(otherValues).some((value) => value !== undefined)
          ? onlyIf(exists(USER, sql`${reached} AND ${changes(users, otherValues)}`), holdsUser(viewer, user.userId))
          : []),
        ...role.checks,
        ...outlastsNobody(
          viewer,
          role.own ?? ownRoleOf(user.userId),
          sql`(NOT ${isThere} OR ${letsInAnew(reached, patch, role.own)})`,
        ),
        ...(place.tenantId ? [isNotDeactivated(sql`${reached} AND ${role.current} IS NULL`, path)] : []),
        ...role.keeps,
        isNotTaken(context.viewer, USER, target, reached, path),
      ],
      // All events are recorded before anything is written that they depend on.
      writes: (allowed) => [
        changing.recorded(allowed),
        ...(creating ? [creating.recorded(sql`${allowed} AND NOT ${isThere}`)] : []),
        ...role.recorded(allowed),
        ...changing.writes,
        ...(creating?.writes ?? []),
        ...writeTenantRoles(context),
        requestInvitations(context, sql`FROM user WHERE ${isCreated}`),
        ...shareable.writes(isCreated),
      ],
      mails: sql`(NOT ${isThere} OR ${exists(USER, sql`${reached} AND ${isMoved(patch)} AND ${isInvitedAnew(sql`user.status`)}`)})`,
      unique: uniqueValuesOfUpsert(USER, viewer, reached, newValues ?? {}, otherValues),
      answer: userRows(sql`WHERE user.id IN (
        ${allRecordedSubjects(context)} UNION ALL SELECT user.id FROM user WHERE ${reached})`),
      subject: subjectOf(USER, viewer, sql`coalesce(${user.userId}, ${newUserId})`),
      result: (user, recorded) => ({
        user,
        outcome:
          recorded.has('tenantRole.assigned') && !recorded.has('user.created')
            ? 'UPDATED'
            : upsertOutcome(recorded, 'user'),
        linkToken: shareable.token(recorded),
      }),
    };
  },
});

/** Returns the details of a new user, who has what names them; null where no e-mail address is known. */
function newDetails({ email, externalId }: UserIdentifier, patch: UserPatch): (UserPatch & { email: string }) | null {
  const address = patch.email ?? email;
  return address == null ? null : { ...patch, email: address, externalId: patch.externalId ?? externalId };
}

/** Over the columns of `user`: another e-mail address is given. */
const isMoved = ({ email }: UserPatch): SQL => (email === undefined ? sql`FALSE` : isAnotherEmail(email));

/**
 * A check that all is given without which no user is created; a user who exists has it.
 * @throws ValidationError, which names all that is missing
 */
function isComplete(isThere: SQL, given: Record<string, unknown>): Check<unknown> {
  const names = Object.keys(given).filter((name) => given[name] == null);
  const issues = names.map((path) => ({ path, message: 'is required to create a user', kind: 'REQUIRED' as const }));
  return {
    problem: names.length > 0 ? sql`iif(${isThere}, NULL, 'missing')` : NO_PROBLEM,
    error: () => new ValidationError(issues),
  };
}

/** Returns checks that count only where a condition holds. */
const onlyIf = (condition: SQL, checks: readonly Check<unknown>[]): Check<unknown>[] =>
  checks.filter(canFail).map((check) => ({ ...check, problem: sql`iif(${condition}, ${check.problem}, NULL)` }));

/** An expression: the user who exists gets another address or another role of their own. */
const letsInAnew = (target: SQL, patch: UserPatch, roleId: SQL | null): SQL =>
  exists(USER, sql`${target} AND (${isMoved(patch)} OR ${roleId ? sql`user.role_id IS NOT ${roleId}` : sql`FALSE`})`);
