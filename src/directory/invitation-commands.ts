import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { command, type Plan } from './command.ts';
import { ForbiddenError, NotFoundError, ValidationError } from './errors.ts';
import { holdsUser } from './holding.ts';
import { userIdentifier } from './input.ts';
import { MAY_BE_INVITED, requestLinks } from './mailed-links.ts';
import { userInReach } from './reach.ts';
import { happened, recordEvent } from './recording.ts';
import { allExist, missingUnless, pathOf } from './references.ts';
import type { UserResult } from './user-columns.ts';
import { isUser, type UserRecord, userRows } from './users.ts';

/** Mails a user who has not set a password yet another invitation, in place of the one before. */
export const inviteUser = command({
  name: 'inviteUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: z.object({ userIdentifier }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(change, { userIdentifier: identifier }): Plan<UserResult, UserRecord> {
    const { viewer } = change;
    const type = 'user.invited';
    const target = sql`${isUser(identifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const path = pathOf('userIdentifier', identifier);
    return {
      checks: [
        allExist([missingUnless(sql`EXISTS (SELECT 1 FROM user WHERE ${target})`, path, 'user')]),
        ...holdsUser(viewer, sql`(SELECT user.id FROM user WHERE ${target})`),
        {
          problem: sql`(SELECT iif(user.status = 'DEACTIVATED', 'is deactivated', 'has a password already')
            FROM user WHERE ${target} AND NOT ${MAY_BE_INVITED})`,
          error: (reason) => ValidationError.at(path, reason),
        },
      ],
      writes: (allowed) => [
        recordEvent(
          change,
          { type, subjectType: 'User', subjectId: sql`user.id` },
          sql`FROM user WHERE ${target} AND ${allowed}`,
        ),
        requestLinks('INVITATION', change.at, sql`FROM user WHERE ${target} AND ${happened(change, type)}`),
      ],
      mails: true,
      answer: userRows(sql`WHERE ${target}`),
      result: (user) => ({ user }),
    };
  },
});
