import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { userInReach } from '../access/reach.ts';
import { command, type Plan } from '../commands/command.ts';
import { exists, subjectOf } from '../commands/entity.ts';
import { recordEvent, recordedSubjects } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf } from '../commands/references.ts';
import { holdsUser } from '../guards/grant-guard.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { userIdentifier } from '../kernel/input.ts';
import { USER, type UserResult } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';

/**
 * Takes a user's open invitation back: the link that was mailed and the one that was shared stop working, and a mail that
 * was not sent yet is not sent. Without an open invitation it changes nothing. The user stays, and can be invited again.
 */
export const revokeInvitation = command({
  name: 'revokeInvitation',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () => z.object({ userIdentifier: userIdentifier() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { userIdentifier: identifier }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const type = 'user.invitationRevoked';
    const target = sql`${isUser(identifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
    return {
      checks: [
        allExist([missingUnless(exists(USER, target), pathOf('userIdentifier', identifier), 'user')]),
        ...holdsUser(viewer, userId),
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { type, subjectType: 'User', subjectId: sql`user.id` },
          sql`FROM user JOIN mailed_link ON mailed_link.user_id = user.id AND mailed_link.purpose = 'INVITATION'
            WHERE ${target} AND ${allowed}`,
        ),
        sql`DELETE FROM mailed_link WHERE purpose = 'INVITATION' AND user_id IN ${recordedSubjects(context, type)}`,
      ],
      answer: userRows(sql`WHERE ${target}`),
      subject: subjectOf(USER, viewer, userId),
      result: (user) => ({ user }),
    };
  },
});
