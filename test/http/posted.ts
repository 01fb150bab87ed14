import { ROOT_KEY, send } from '../shared/gateway.ts';

export const url = 'https://tenantry.test/graphql';
export const authorization = `Bearer ${ROOT_KEY}`;
export const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  send(
    new Request(url, {
      method: 'POST',
      body,
      headers: {
        authorization,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...headers,
      },
    }),
  );
