import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

function parseDateTime(value: unknown): Date {
  const time = typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : null;
  if (time === null || Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9999 || time.getUTCFullYear() < 0) {
    throw new GraphQLError('A DateTime is written as in RFC 3339, such as 2026-11-21T09:30:00Z.');
  }
  return time;
}

builder.scalarType('DateTime', {
  description: 'A moment, written as in RFC 3339, in UTC and with milliseconds: 2026-11-21T09:30:00.000Z.',
  serialize: (time) => time.toISOString(),
  parseValue: parseDateTime,
});

builder.scalarType('JSONObject', {
  description: 'A JSON object. It is only ever answered, never taken.',
  serialize: (value) => value,
  parseValue: () => {
    throw new GraphQLError('A JSONObject is not taken as input.');
  },
});
