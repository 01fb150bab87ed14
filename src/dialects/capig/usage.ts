import { DEFAULT_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';
import { type Usage, usageOfTenants } from '../../directory/usage/usage.ts';
import { price, USAGE } from '../../graphql/shared/prices.ts';
import { builder } from './builder.ts';
import { notFound, orRefused } from './errors.ts';
import { idGiven } from './records.ts';

const Traffic = builder.objectRef<Usage>('TenantUsageByTraffic').implement({
  description: 'What flowed through a tenant in the last hours, of which the present one is the last.',
  fields: (t) => ({
    totalEventsReceived: t.exposeFloat('eventsReceived', {
      description:
        'How many events were received, also by pixels that have been removed since. A whole number, exact up to 2^53.',
    }),
    totalPixelsWithTraffic: t.exposeInt('pixelsWithTraffic', {
      description: 'How many of the pixels that there are received events.',
    }),
    publishError: t.boolean({
      description: 'Whether publishing any event failed.',
      resolve: ({ publishErrors }) => publishErrors > 0,
    }),
    durationInHours: t.exposeInt('durationInHours', { description: 'How many hours these are.' }),
    lastUpdatedAt: t.string({
      nullable: true,
      description: 'When traffic of these hours was last recorded, RFC 3339 in UTC; null if none was.',
      resolve: ({ lastUpdatedAt }) => lastUpdatedAt?.toISOString() ?? null,
    }),
  }),
});

export const TenantUsage = builder.objectRef<Usage>('TenantUsage').implement({
  ...price(USAGE),
  description: 'What a tenant has now, and its traffic of the last 24 hours. Reading it needs `usage:read`.',
  fields: (t) => ({
    totalPixels: t.int({ description: 'How many pixels there are.', resolve: ({ pixels }) => pixels.total }),
    totalActivePixels: t.int({ description: 'Those that are active.', resolve: ({ pixels }) => pixels.active }),
    totalInactivePixels: t.int({ description: 'Those that are not.', resolve: ({ pixels }) => pixels.inactive }),
    totalPipelines: t.int({
      description: 'How many pipelines there are.',
      resolve: ({ pipelines }) => pipelines.total,
    }),
    totalActivePipeline: t.int({
      description: 'Those that are active.',
      resolve: ({ pipelines }) => pipelines.active,
    }),
    tenantUsageByTraffic: t.field({
      type: Traffic,
      description: 'The traffic of the last 24 hours.',
      resolve: (usage) => usage,
    }),
  }),
});

builder.queryField('tenantUsage', (t) =>
  t.field({
    type: TenantUsage,
    description: 'What a tenant has, and its traffic. Needs `usage:read`.',
    args: { tenantId: t.arg.string({ required: true, description: 'The id of the tenant.' }) },
    resolve: async (_, { tenantId }, caller) => {
      const id = idGiven('Tenant', tenantId);
      const usage = (await orRefused(usageOfTenants(caller, [id], DEFAULT_WINDOW_HOURS))).get(id);
      if (!usage) throw notFound('tenant');
      return usage;
    },
  }),
);
