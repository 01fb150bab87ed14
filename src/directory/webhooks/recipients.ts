import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { select } from '../../db/statement.ts';

/** How many people are told that a webhook was disabled. */
const MAX_RECIPIENTS = sql.raw('10');

const MAY_MEND = 'webhook:edit';

/**
 * Reads who is told that a webhook was disabled: active users who may change it where they are signed in. Those of its only tenant
 * come before the team.
 */
export const recipientsOf = (webhookId: string) =>
  select(
    { email: users.email, name: users.name },
    sql`FROM (
        SELECT assignment.user_id AS id, assignment.role_id AS role_id, 0 AS rank FROM assignment
        WHERE assignment.tenant_id = (SELECT min(tenant_id) FROM webhook_tenant WHERE webhook_id = ${webhookId} HAVING count(*) = 1)
          AND assignment.user_deleted = 0 AND assignment.user_status = 'ACTIVE'
        UNION ALL
        SELECT team.id, team.role_id, 1 FROM user team
        WHERE team.kind = 'ORGANIZATION' AND team.deleted = 0 AND team.status = 'ACTIVE'
      ) told JOIN user ON user.id = told.id
      WHERE EXISTS (SELECT 1 FROM role_permission WHERE role_permission.role_id = told.role_id AND permission = ${MAY_MEND})
      GROUP BY user.id ORDER BY min(told.rank), user.id LIMIT ${MAX_RECIPIENTS}`,
  );
