import { run } from '../../directory/commands/command.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../../directory/kernel/errors.ts';
import { readOwnTenant, readTenant, type TenantRecord } from '../../directory/tenants/queries.ts';
import { type Answer, type Operation, type Route, reads, writes } from '../shared/rest.ts';
import { shown, updateAsSpelled } from './tenant.ts';

const succeeded = (message: string, data: Record<string, unknown> | null = null): Answer => ({
  status: 200,
  body: { success: true, message, error: null, data },
});

/** What every failed call is answered with, whoever refused it. */
export const failed = (error: string) => ({ success: false, error, message: null, data: null });

const notReached = (): Answer => ({ status: 403, body: failed('You do not reach this tenant, or there is none.') });

/** The document has no 404: what does not exist is forbidden like what is out of reach, in the same words. */
function refused(error: unknown): Answer {
  if (error instanceof ValidationError) return { status: 400, body: failed(error.message) };
  if (error instanceof ForbiddenError) return { status: 403, body: failed(error.message) };
  if (error instanceof NotFoundError) return notReached();
  throw error;
}

const orRefused =
  (answer: Operation['answer']): Operation['answer'] =>
  (call) =>
    answer(call).catch(refused);

const found = (tenant: TenantRecord | null): Answer =>
  tenant ? succeeded('This is the tenant.', shown(tenant)) : notReached();

const getOwnTenant = reads(orRefused(async ({ caller }) => found(await readOwnTenant(caller))));

const getTenant = reads(
  orRefused(async ({ caller, parameters }) => found(await readTenant(caller, parameters.tenantId))),
);

const putTenant = writes(
  orRefused(async ({ caller, parameters: { tenantId = '' }, body }) => {
    await run(caller, updateAsSpelled(tenantId), body);
    return succeeded('The tenant is as you said.');
  }),
);

/** The first whose path matches answers. */
export const ROUTES: readonly Route[] = [
  { path: /^\/v1\/tenants\/me$/, operations: new Map([['GET', getOwnTenant]]) },
  {
    path: /^\/v1\/tenants\/(?<tenantId>[^/]+)$/,
    operations: new Map([
      ['GET', getTenant],
      ['PUT', putTenant],
    ]),
  },
];
