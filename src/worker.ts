import type { Environment } from './http/environment.ts';
import { handle } from './http/routes.ts';
import { housekeep } from './http/scheduled.ts';

export default {
  fetch: handle,
  scheduled: (_controller, env) => housekeep(env),
} satisfies ExportedHandler<Environment>;
