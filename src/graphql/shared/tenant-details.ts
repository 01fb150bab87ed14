import type { Caller } from '../../directory/access/viewer.ts';
import { requireTenantDetails, type TenantRecord } from '../../directory/tenants/queries.ts';

/**
 * Returns a resolver of what is more of a tenant than its id and its name.
 * @throws {ForbiddenError} from the resolver, for callers who reach one customer and may read no more than those two.
 */
export const detail =
  <Value>(read: (tenant: TenantRecord, caller: Caller) => Value) =>
  (tenant: TenantRecord, _args: object, caller: Caller): Value => {
    requireTenantDetails(caller.viewer);
    return read(tenant, caller);
  };
