import { GraphQLError } from 'graphql';
import { parseRfc3339 } from '../../directory/kernel/rfc3339.ts';
import { builder } from './builder.ts';

function parseDateTime(value: unknown): Date {
  const time = parseRfc3339(value);
  if (time === null) throw new GraphQLError('A DateTime is written as in RFC 3339, such as 2026-11-21T09:30:00Z.');
  return time;
}

builder.scalarType('DateTime', {
  description: 'A moment, written as in RFC 3339, in UTC and with milliseconds: 2026-11-21T09:30:00.000Z.',
  serialize: (time) => time.toISOString(),
  parseValue: parseDateTime,
});

builder.scalarType('JSONObject', {
  description: 'A JSON object.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    throw new GraphQLError('A JSONObject is written as a JSON object.');
  },
});
