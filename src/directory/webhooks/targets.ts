import { columnsAs } from '../../db/alias.ts';
import { webhooks, workspaceHmacs } from '../../db/schema/webhooks.ts';
import { sql } from '../../db/sql.ts';
import { inList, mapRows, type RowOf, type Several, select } from '../../db/statement.ts';
import { type Caller, requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import type { Connection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';
import { WEBHOOK_RECORDS, type WebhookRecord } from './queries.ts';

/** Targets of Plain hear of all customers, and so do those who may look at them. */
function requireTargets(viewer: Viewer): void {
  requirePermissions(viewer, ['webhook:read']);
  requireReach(viewer, ['ORGANIZATION']);
}

/**
 * Returns the webhook targets of Plain among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`, or does not reach the whole organization
 */
export function targetsByIds({ db, viewer }: Caller, ids: Several): Found<WebhookRecord> {
  requireTargets(viewer);
  return foundWhere(db, WEBHOOK_RECORDS, sql`${inList(webhooks.id, ids)} AND ${webhooks.wire} = 'PLAIN'`);
}

const scanned = columnsAs(webhooks, 'scanned');

/**
 * Lists the webhook targets of Plain, the oldest first, those that are not enabled included.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`, or does not reach the whole organization
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listTargets({ db, viewer }: Caller, page: PageArguments): Connection<WebhookRecord> {
  requireTargets(viewer);
  return connectionOfList(db, page, {
    name: 'webhookTargets',
    records: WEBHOOK_RECORDS,
    scan: { from: sql`webhook scanned`, id: scanned.id, where: [sql`scanned.wire = 'PLAIN'`] },
  });
}

const hmacFields = {
  id: workspaceHmacs.id,
  secret: workspaceHmacs.secret,
  createdAt: workspaceHmacs.createdAt,
  createdByType: workspaceHmacs.createdByType,
  createdById: workspaceHmacs.createdById,
  updatedAt: workspaceHmacs.updatedAt,
  updatedByType: workspaceHmacs.updatedByType,
  updatedById: workspaceHmacs.updatedById,
};

/** What deliveries to the targets of Plain are signed with. The secret is null to who could not replace it. */
export interface WorkspaceHmacRecord extends Omit<RowOf<typeof hmacFields>, 'secret'> {
  secret: string | null;
}

const mayReplace = ({ access, permissions, expiresAt }: Viewer): boolean =>
  access === 'WRITE' && permissions.has('webhook:edit') && expiresAt === null;

/** Returns a statement that reads the secret of the workspace, as a viewer may see it. No row, if there is none yet. */
export const workspaceHmacFor = (viewer: Viewer) =>
  mapRows(
    select(hmacFields, sql`FROM workspace_hmac`),
    ({ secret, ...row }): WorkspaceHmacRecord => ({ ...row, secret: mayReplace(viewer) ? secret : null }),
  );

/**
 * Returns what deliveries to the targets of Plain are signed with; null before there was any target.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`, or does not reach the whole organization
 */
export async function findWorkspaceHmac({ db, viewer }: Caller): Promise<WorkspaceHmacRecord | null> {
  requireTargets(viewer);
  const [found] = await db.read(workspaceHmacFor(viewer));
  return found ?? null;
}
