import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

function parseDateTime(value: unknown): Date {
  const [text, day] = (typeof value === 'string' && RFC_3339.exec(value)) || [];
  const time = new Date(text ?? Number.NaN);
  const year = time.getUTCFullYear();
  if (day === undefined || !isDay(day) || !(year >= 0 && year <= 9999)) {
    throw new GraphQLError('A DateTime is written as in RFC 3339, such as 2026-11-21T09:30:00Z.');
  }
  return time;
}

/** JavaScript would read the 30th of February as the 2nd of March. */
const isDay = (day: string): boolean => {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};

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
