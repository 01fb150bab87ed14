import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { select } from '../../db/statement.ts';
import type { Content } from '../access/access-tokens.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { allExist, missingUnless, pathOf } from '../commands/references.ts';
import { holdsPermissions, permissionsOfUser } from '../guards/grant-guard.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { flag, id, tenantIdentifier } from '../kernel/input.ts';
import { shown } from '../kernel/repetition-errors.ts';
import { assignedTenant, contentOf, type RoleForToken, roleForTokenIn } from './effective-role.ts';
import { isOwn, ownSession, type SessionRecord, sessionRows, sessionWithId } from './session-queries.ts';
import { recordEnd, recordSession } from './sessions.ts';
import { reachesTenants } from './viewer-commands.ts';

/** Ends the sessions that `target`, a condition over the columns of `session`, matches. */
const ending = (context: CommandContext, reason: 'SIGNED_OUT' | 'REVOKED', target: SQL, allowed: SQL): SQL[] => [
  recordEnd(context, reason, sql`FROM session WHERE ${target} AND ${allowed}`),
  sql`DELETE FROM session WHERE ${target} AND ${wasRecorded(context, 'session.ended')}`,
];

/** How many sessions ended. */
export interface SignOutResult {
  sessionCount: number;
}

/**
 * Ends the session that the caller uses, or all sessions of the user. Their tokens stop working with the next request.
 */
export const signOut = command({
  name: 'signOut',
  permissions: [],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () => z.object({ everywhere: flag().nullish() }),
  errors: [ForbiddenError],
  plan(context, { everywhere }): Plan<SignOutResult, SignOutResult> {
    const { userId, sessionId } = ownSession(context.viewer);
    const target = everywhere ? sql`session.user_id = ${userId}` : sql`session.id = ${sessionId}`;
    return {
      checks: [],
      writes: (allowed) => ending(context, 'SIGNED_OUT', target, allowed),
      answer: select(
        { sessionCount: sql<number>`count(*)` },
        sql`FROM event WHERE event.command_id = ${context.id} AND event.type = 'session.ended'`,
      ),
      result: (answer) => shown(answer),
    };
  },
});

/** The session that was ended, as it was before; null for a repetition, which finds it no more. */
export interface SessionResult {
  session: SessionRecord | null;
}

/** Ends a session: the viewer's own, or that of a user who holds no more than the viewer. */
export const revokeSession = command({
  name: 'revokeSession',
  permissions: [],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<SessionResult, SessionRecord> {
    const { viewer } = context;
    const target = sessionWithId(viewer, id);
    const userId = sql`(SELECT session.user_id FROM session WHERE session.id = ${id})`;
    const isOthers = sql`${isOwn(viewer, userId)} IS NOT TRUE`;
    const mayEndOthers = viewer.permissions.has('user:edit') ? sql`TRUE` : sql`FALSE`;
    return {
      checks: [
        {
          problem: sql`iif(${isOthers} AND NOT ${mayEndOthers}, 'user:edit', NULL)`,
          error: () => ForbiddenError.missing(['user:edit']),
        },
        allExist([missingUnless(sql`EXISTS (SELECT 1 FROM session WHERE ${target})`, 'id', 'session')]),
        holdsPermissions(viewer, sql`SELECT permission FROM (${permissionsOfUser(userId)}) WHERE ${isOthers}`),
      ],
      writes: (allowed) => ending(context, 'REVOKED', target, allowed),
      answer: sessionRows(sql`WHERE ${target}`),
      answersBeforeWriting: true,
      subject: {
        type: 'Session',
        id: sql`${id}`,
        find: (found) => sessionRows(sql`WHERE ${sessionWithId(viewer, found)}`),
      },
      result: (session) => ({ session }),
    };
  },
});

/** What the next access token of the switched session is made from. */
export interface SwitchResult {
  /** Null for a repetition: a token is shown once. */
  content: Content | null;
  /** When the token that the caller has expires. The new one may not last longer: that would take the refresh token. */
  expiresAt: Date;
}

/**
 * Switches the caller's session to another tenant or, without one, to the user's own role in the organization or a
 * customer. It does not matter what the session reaches now, only where the user has a role.
 */
export const switchTenant = command({
  name: 'switchTenant',
  permissions: [],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () => z.object({ tenantIdentifier: tenantIdentifier().nullish() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { tenantIdentifier: identifier }): Plan<SwitchResult, RoleForToken> {
    const { userId, sessionId, tokenExpiresAt } = ownSession(context.viewer);
    const type = 'session.switched';
    const tenantId = identifier == null ? sql`NULL` : assignedTenant(identifier);
    const from = sql`FROM session JOIN user ON user.id = session.user_id WHERE session.id = ${sessionId}`;
    return {
      checks: [
        reachesTenants(sessionId, identifier != null),
        identifier == null
          ? {
              problem: sql`(SELECT 'none' FROM user WHERE user.id = ${userId} AND user.kind = 'TENANT')`,
              error: () =>
                ValidationError.at('tenantIdentifier', 'is required for a user with roles in tenants only', 'REQUIRED'),
            }
          : allExist([
              missingUnless(
                sql`EXISTS (SELECT 1 FROM user WHERE user.id = ${userId} AND ${tenantId} IS NOT NULL)`,
                pathOf('tenantIdentifier', identifier),
                'tenant',
              ),
            ]),
      ],
      writes: (allowed) => [
        recordSession(context, type, sql`${from} AND session.tenant_id IS NOT ${tenantId} AND ${allowed}`),
        sql`UPDATE session SET tenant_id = (SELECT ${tenantId} FROM user WHERE user.id = ${userId})
          WHERE id = ${sessionId} AND ${wasRecorded(context, type)}`,
      ],
      answer: select(roleForTokenIn(sql`session.tenant_id`), from),
      result: (effectiveRole) => {
        if (context.isRepetition) return { content: null, expiresAt: tokenExpiresAt };
        const content = contentOf(sessionId, shown(effectiveRole));
        if (content === null) throw new Error('A session was switched to where its user has no role');
        return { content, expiresAt: tokenExpiresAt };
      },
    };
  },
});
