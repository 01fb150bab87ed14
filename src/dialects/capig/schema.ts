import './tenant.ts';
import './user.ts';
import './usage.ts';
import './tenant-mutations.ts';
import './user-mutations.ts';
import { builder } from './builder.ts';

/** The hub's schema, of which the document shows the operations and nothing shows the whole. */
export const schema = builder.toSchema({ sortSchema: false });
