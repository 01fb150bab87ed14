import { builder } from './builder.ts';
import './scalars.ts';
import './errors.ts';
import './organization.ts';
import './tenant.ts';
import './tenant-mutations.ts';
import './customer.ts';
import './customer-mutations.ts';
import './membership.ts';
import './role.ts';
import './user.ts';
import './user-mutations.ts';
import './tenant-role.ts';
import './import.ts';
import './api-key.ts';
import './permission.ts';
import './event.ts';

export const schema = builder.toSchema();
