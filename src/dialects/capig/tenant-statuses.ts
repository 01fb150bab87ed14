import type { TenantRecord } from '../../directory/tenants.ts';

/** The document's numbers. */
export const SPELLED_STATUSES: Record<TenantRecord['status'], number> = { ACTIVE: 0, PENDING: 1, DEACTIVATED: 2 };
