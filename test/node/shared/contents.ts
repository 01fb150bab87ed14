import { z } from 'zod';
import { ask, type Gateway } from '../../../src/cli/shared/gateway.ts';

const total = z.object({ totalCount: z.number() });

/** How much there is in the directory, and up to where its events go. */
export const contents = (gateway: Gateway) =>
  ask(
    gateway,
    `{
      tenants { totalCount nodes { customers { totalCount } } }
      customers { totalCount }
      users { totalCount }
      events(last: 1) { totalCount edges { cursor } }
    }`,
    {},
    z.object({
      tenants: total.extend({ nodes: z.array(z.object({ customers: total })) }),
      customers: total,
      users: total,
      events: total.extend({ edges: z.array(z.object({ cursor: z.string() })) }),
    }),
  );
