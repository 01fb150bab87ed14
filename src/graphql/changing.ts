/* What can be changed: registers the mutations, with what they take and answer. */
import { builder } from './shared/builder.ts';
import './shared/errors.ts';
import './organization/mutations.ts';
import './tenants/mutations.ts';
import './customers/mutations.ts';
import './customers/membership-mutations.ts';
import './roles/mutations.ts';
import './roles/permission-mutations.ts';
import './users/mutations.ts';
import './users/change-role.ts';
import './users/upsert-user.ts';
import './users/move-user.ts';
import './users/tenant-role-mutations.ts';
import './users/first-admin.ts';
import './users/invitation-mutations.ts';
import './sessions/mutations.ts';
import './sessions/viewer-mutations.ts';
import './imports/import.ts';
import './api-keys/mutations.ts';
import './trusted-issuers/mutations.ts';
import './usage/data-source-mutations.ts';
import './usage/traffic-mutations.ts';
import './webhooks/mutations.ts';

builder.mutationType({
  description: 'What can be changed. Every mutation answers its payload, or one of the errors that its result names.',
});
