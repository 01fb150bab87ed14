import type { Caller } from '../../directory/access/viewer.ts';
import { requireTenantDetails, type TenantRecord } from '../../directory/tenants/queries.ts';

/** Resolves what is more of a tenant than its id and its name, which is all that some callers may read. */
export const detail =
  <Value>(read: (tenant: TenantRecord, caller: Caller) => Value) =>
  (tenant: TenantRecord, _args: object, caller: Caller): Value => {
    requireTenantDetails(caller.viewer);
    return read(tenant, caller);
  };
