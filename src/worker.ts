import { handle } from './http/routes.ts';
import type { Environment } from './http/shared/environment.ts';

export { WebhookHub } from './http/webhooks/hub.ts';
export { WebhookSender } from './http/webhooks/sender.ts';

export default {
  fetch: handle,
  scheduled: async (_controller, env) => (await import('./http/background/scheduled.ts')).housekeep(env),
} satisfies ExportedHandler<Environment>;
