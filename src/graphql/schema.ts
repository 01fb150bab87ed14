import { builder } from './shared/builder.ts';
import './reading.ts';
import './changing.ts';

const DESCRIPTION = `\
The directory of a B2B product: the organization that runs it, its tenants and customers, their users, roles and API keys.

Every request carries a credential, and sees what lies in its reach. What does not looks exactly like what is not there.

A mutation takes one \`input\`. It answers its payload, or a MutationError that says why nothing was changed. Each does all that it says, or nothing; the imports alone may leave out rows that fail.

An \`id\` is global: opaque, and unique among all types. \`node\` and \`nodes\` find any record by it.

Lists are Relay connections, of at most 100 records a page: \`first\` and \`after\` go forward, \`last\` and \`before\` backward.

A field that needs a permission you lack is null, with an error FORBIDDEN. A request that fails has \`errors\`, each with a stable \`extensions.code\`.`;

/** The schema that `/graphql` serves. Pothos has no option for the description of a schema, so it is added here. */
export const schema = Object.assign(builder.toSchema({ sortSchema: false }), {
  description: DESCRIPTION,
});
