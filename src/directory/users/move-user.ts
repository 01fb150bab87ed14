import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { command, type Plan } from '../commands/command.ts';
import { planAlteration } from '../commands/entity.ts';
import { customerNamed, isUser, noCustomer } from '../commands/identifiers.ts';
import { pathOf } from '../commands/references.ts';
import { holdsUser, permissionsOfRole } from '../guards/grant-guard.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { customerIdentifier, roleIdentifier, userIdentifier } from '../kernel/input.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import { USER, type UserResult } from './entity.ts';
import type { UserRecord } from './queries.ts';

/**
 * Moves a user of one customer to another, with a role there, in the place of the one before. Roles in tenants stay. Nobody who
 * reaches one customer alone can, because they reach no other. All sessions of the user end, and so does a shareable
 * invitation; one that was mailed stays good (trigger `access_follows_customer`, which keeps the copies of the customer at
 * tenant roles up to date, too). The identity of a trusted issuer stays, and lets the user in if that issuer lists the other
 * customer. Whoever is deactivated stays so. A user who is there already only gets the role.
 */
export const moveUser = command({
  name: 'moveUser',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION'],
  input: () =>
    z.object({
      userIdentifier: userIdentifier(),
      customerIdentifier: customerIdentifier(),
      roleIdentifier: roleIdentifier(),
    }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { userIdentifier, customerIdentifier, roleIdentifier }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const id = sql`(SELECT user.id FROM user WHERE ${isUser(userIdentifier)})`;
    const path = pathOf('userIdentifier', userIdentifier);
    const customerId = customerNamed(viewer.reach, customerIdentifier);
    const roleId = roleNamed(roleIdentifier, sql`'CUSTOMER'`);
    const checks = (target: SQL) => [
      {
        problem: sql`(SELECT 'elsewhere' FROM user WHERE ${target} AND user.kind <> 'CUSTOMER')`,
        error: () => ValidationError.at(path, 'names no user of a customer'),
      },
      ...holdsUser(viewer, id, permissionsOfRole(roleId)),
    ];
    return planAlteration(
      context,
      USER,
      {
        id,
        path,
        verb: 'updated',
        values: { customerId, roleId },
        missing: [noCustomer(customerId, customerIdentifier), noRole(roleId, roleIdentifier)],
      },
      checks,
      (user: UserRecord | null) => ({ user }),
    );
  },
});
