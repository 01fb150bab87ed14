import { builder } from './builder.ts';
import './customer.ts';
import './customers.ts';
import './customer-mutations.ts';
import './role.ts';
import './organization.ts';
import './user.ts';
import './users.ts';
import './user-mutations.ts';
import './organization-mutations.ts';
import './authenticated-user.ts';

/** The schema of Prismatic's customers, users, roles and organization. */
export const schema = builder.toSchema({ sortSchema: false });
