import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { buildSchema, graphql } from 'graphql';
import { z } from 'zod';

/** What of Prismatic's schema is about customers and users, as its documentation has it. */
const SCHEMA = buildSchema(`
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Role { id: ID! name: String! }
  type Customer { id: ID! name: String! description: String externalId: String labels: [String!] }
  type CustomerConnection { nodes: [Customer]! pageInfo: PageInfo! }
  type User {
    id: ID! email: String! name: String! phone: String! avatarUrl: String externalId: String role: Role! customer: Customer
  }
  type UserConnection { nodes: [User]! pageInfo: PageInfo! }
  type Query {
    customer(id: ID!): Customer!
    customers(isSystem: Boolean, first: Int, after: String): CustomerConnection!
    users(customer: ID, first: Int, after: String): UserConnection!
  }`);

export interface TheirCustomer {
  id: string;
  name: string;
  description: string;
  externalId: string | null;
  labels: string[] | null;
}

export interface TheirUser {
  id: string;
  email: string;
  name: string;
  phone: string;
  avatarUrl: string | null;
  externalId: string | null;
  role: { id: string; name: string };
  customer: TheirCustomer | null;
}

export interface StandIn {
  url: string;
  stop(): void;
}

const requests = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) });

/** Fewer than anybody asks for, so that whoever wants all has to go on. */
const PAGE = 2;

/** Answers as Prismatic's documentation says, to who has the token, and once with 503 before all else. */
export async function prismaticWith(
  token: string,
  { customers, users }: { customers: TheirCustomer[]; users: TheirUser[] },
): Promise<StandIn> {
  const page =
    <Of>(all: readonly Of[]) =>
    ({ after }: { after?: string }) => {
      const from = after ? Number(atob(after)) : 0;
      const to = from + PAGE;
      return { nodes: all.slice(from, to), pageInfo: { hasNextPage: to < all.length, endCursor: btoa(String(to)) } };
    };
  const rootValue = { customers: page(customers), users: page(users) };
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const { query: source, variables: variableValues } = requests.parse(JSON.parse(await text(request)));
    response.setHeader('content-type', 'application/json');
    if (asked === 1) return response.writeHead(503).end();
    const isKnown = request.url === '/api' && request.headers.authorization === `Bearer ${token}`;
    const answer = isKnown
      ? await graphql({ schema: SCHEMA, source, variableValues, rootValue })
      : { errors: [{ message: 'Permission denied' }] };
    response.end(JSON.stringify(answer));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return {
    url: `http://localhost:${address.port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
