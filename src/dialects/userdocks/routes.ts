import { run } from '../../directory/commands/command.ts';
import { readOwnTenant, readTenant, type TenantRecord } from '../../directory/tenants/queries.ts';
import { readOwnUser } from '../../directory/users/own-user.ts';
import { type Answer, type Route, reads, writes } from '../shared/rest.ts';
import { notReached, notSignedInAnyMore, orRefused } from './errors.ts';
import { shown, updateAsSpelled } from './tenant.ts';

const succeeded = (message: string, data: Record<string, unknown> | null = null): Answer => ({
  status: 200,
  body: { success: true, message, error: null, data },
});

const found = (tenant: TenantRecord | null): Answer =>
  tenant ? succeeded('This is the tenant.', shown(tenant)) : notReached();

const getOwnTenant = reads(orRefused(async ({ caller }) => found(await readOwnTenant(caller))));

const getTenant = reads(
  orRefused(async ({ caller, parameters }) => found(await readTenant(caller, parameters.tenantId))),
);

const getOwnUser = reads(
  orRefused(async ({ caller }) => {
    const user = await readOwnUser(caller);
    return user ? succeeded('This is who signed in.', { ...user }) : notSignedInAnyMore();
  }),
);

const putTenant = writes(
  orRefused(async ({ caller, parameters: { tenantId = '' }, body }) => {
    await run(caller, updateAsSpelled(tenantId), body);
    return succeeded('The tenant is as you said.');
  }),
);

/** The first whose path matches answers. */
export const ROUTES: readonly Route[] = [
  { path: /^\/v1\/users\/me$/, operations: new Map([['GET', getOwnUser]]) },
  { path: /^\/v1\/tenants\/me$/, operations: new Map([['GET', getOwnTenant]]) },
  {
    path: /^\/v1\/tenants\/(?<tenantId>[^/]+)$/,
    operations: new Map([
      ['GET', getTenant],
      ['PUT', putTenant],
    ]),
  },
];
