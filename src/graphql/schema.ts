import { builder } from './shared/builder.ts';
import { answerRecordsAtOnce } from './shared/relay.ts';
import './shared/scalars.ts';
import './shared/total-count.ts';
import './shared/errors.ts';
import './organization/organization.ts';
import './tenants/tenant.ts';
import './tenants/mutations.ts';
import './customers/customer.ts';
import './customers/mutations.ts';
import './customers/membership.ts';
import './roles/role.ts';
import './users/user.ts';
import './users/mutations.ts';
import './users/change-role.ts';
import './users/upsert-user.ts';
import './users/move-user.ts';
import './users/tenant-role.ts';
import './users/first-admin.ts';
import './users/invitation.ts';
import './sessions/session.ts';
import './sessions/viewer.ts';
import './access-checks/access-check.ts';
import './imports/import.ts';
import './api-keys/api-key.ts';
import './api-keys/mutations.ts';
import './trusted-issuers/trusted-issuer.ts';
import './usage/data-source.ts';
import './usage/data-source-mutations.ts';
import './usage/usage.ts';
import './roles/permission.ts';
import './events/event.ts';
import './webhooks/webhook.ts';
import './webhooks/mutations.ts';

const DESCRIPTION = `\
The directory of a B2B product: the organization that runs it, its tenants and customers, their users, roles and API keys.

Every request carries a credential, and sees what lies in its reach. What does not looks exactly like what is not there.

A mutation takes one \`input\`. It answers its payload, or a MutationError that says why nothing was changed. Each does all that it says, or nothing; the imports alone may leave out rows that fail.

An \`id\` is global: opaque, and unique among all types. \`node\` and \`nodes\` find any record by it.

Lists are Relay connections, of at most 100 records a page: \`first\` and \`after\` go forward, \`last\` and \`before\` backward.

A field that needs a permission you lack is null, with an error FORBIDDEN. A request that fails has \`errors\`, each with a stable \`extensions.code\`.`;

/** The schema that `/graphql` serves. Pothos has no option for the description of a schema, so it is added here. */
export const schema = Object.assign(answerRecordsAtOnce(builder.toSchema({ sortSchema: false })), {
  description: DESCRIPTION,
});
