import type { TenantRecord } from '../../directory/tenants/queries.ts';

/** The document's numbers. */
export const SPELLED_STATUSES: Record<TenantRecord['status'], number> = { ACTIVE: 0, PENDING: 1, DEACTIVATED: 2 };
