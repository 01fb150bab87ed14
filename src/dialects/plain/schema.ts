import { builder } from './builder.ts';
import './tenant.ts';
import './tenant-mutations.ts';
import './customer.ts';
import './customer-lists.ts';
import './customer-mutations.ts';
import './membership.ts';
import './permissions.ts';
import './webhook-target.ts';
import './webhook-target-mutations.ts';
import './webhook-versions.ts';
import './workspace-hmac.ts';

/** The schema of Plain's tenants, customers and webhook targets. */
export const schema = builder.toSchema({ sortSchema: false });
