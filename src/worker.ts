import { housekeep } from './http/background/scheduled.ts';
import { handle } from './http/routes.ts';
import type { Environment } from './http/shared/environment.ts';

export { WebhookHub } from './http/webhooks/hub.ts';
export { WebhookSender } from './http/webhooks/sender.ts';

export default {
  fetch: handle,
  scheduled: (_controller, env) => housekeep(env),
} satisfies ExportedHandler<Environment>;
