import { builder } from './builder.ts';

export const DateTime = builder.objectRef<Date>('DateTime').implement({
  description: 'A moment, in two spellings.',
  fields: (t) => ({
    unixTimestamp: t.string({
      description: 'Milliseconds since the beginning of 1970, as a string.',
      resolve: (time) => String(time.getTime()),
    }),
    iso8601: t.string({
      description: 'As in ISO 8601, in UTC and with milliseconds: 2026-11-21T09:30:00.000Z.',
      resolve: (time) => time.toISOString(),
    }),
  }),
});
