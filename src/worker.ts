import type { Environment } from './http/environment.ts';
import { handle } from './http/routes.ts';

export default { fetch: handle } satisfies ExportedHandler<Environment>;
