import { describe, expect, it } from 'vitest';
import { Dice } from '../../shared/dice.ts';
import { newCustomer, newTenant, newTenantUser, succeed, unique } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

interface Event {
  type: string;
  subjectId: string;
  subjectVersion: number | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** A record of a copy: what the copy keeps of it, and the memberships or roles that it has, by the id of the tenant. */
interface Copied {
  version: number;
  name: unknown;
  isLive: boolean;
  tenants: Map<string, unknown>;
}

type Copy = Map<string, Copied>;

/** As docs/events.md says: what was read from the lists may be newer than the event, and the version tells. */
function apply(copy: Copy, { type, subjectId, subjectVersion, before, after }: Event): void {
  if (!/^(tenant|customer|user|membership|tenantRole)\./.test(type)) return;
  if (type.endsWith('.erased')) {
    copy.delete(subjectId);
    for (const { tenants } of copy.values()) tenants.delete(subjectId);
    return;
  }
  const known = copy.get(subjectId) ?? { version: 0, name: null, isLive: true, tenants: new Map() };
  copy.set(subjectId, known);
  const { tenantId, roleId = true } = (after ?? before ?? {}) as { tenantId?: string; roleId?: string };
  if (/^(membership|tenantRole)\./.test(type)) {
    if (after === null) known.tenants.delete(String(tenantId));
    else known.tenants.set(String(tenantId), roleId);
    return;
  }
  if (subjectVersion === null || subjectVersion <= known.version) return;
  known.version = subjectVersion;
  known.isLive = !type.endsWith('.deleted');
  if (after !== null) known.name = after.name;
}

const newest = async (): Promise<string> =>
  (await ask('{ events(last: 1) { pageInfo { endCursor } } }')).data.events.pageInfo.endCursor;

const LISTS = {
  tenants: '',
  customers: 'tenants(first: 100) { nodes { id } }',
  users: 'tenantRoles(first: 100) { nodes { tenant { id } role { id } } }',
};

interface Listed {
  id: string;
  version: number;
  name: string | null;
  deletedAt: string | null;
  tenants?: { nodes: { id: string }[] };
  tenantRoles?: { nodes: { tenant: { id: string }; role: { id: string } }[] };
}

async function readLists(): Promise<Copy> {
  const copy: Copy = new Map();
  for (const [list, below] of Object.entries(LISTS)) {
    let after: string | null = null;
    for (;;) {
      const { data, text } = await ask(
        `query($after: String) { ${list}(first: 20, after: $after, filter: { deleted: INCLUDE }) {
          nodes { id version name deletedAt ${below} } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      expect(data, text).not.toBeNull();
      for (const { id, version, name, deletedAt, tenants, tenantRoles } of data[list].nodes as Listed[]) {
        const held = [
          ...(tenants?.nodes ?? []).map((tenant): [string, unknown] => [tenant.id, true]),
          ...(tenantRoles?.nodes ?? []).map(({ tenant, role }): [string, unknown] => [tenant.id, role.id]),
        ];
        copy.set(id, { version, name, isLive: deletedAt === null, tenants: new Map(held.sort()) });
      }
      if (!data[list].pageInfo.hasNextPage) break;
      after = data[list].pageInfo.endCursor;
    }
  }
  return copy;
}

/** The types of the events that were heard. */
const heard = new Set<string>();

/** Follows the feed from a cursor to its present end. */
async function catchUp(copy: Copy, cursor: string): Promise<string> {
  const { data } = await ask(
    `query($after: String) { events(first: 100, after: $after) {
      nodes { type subjectId subjectVersion before after } pageInfo { hasNextPage endCursor } } }`,
    { after: cursor },
  );
  for (const event of data.events.nodes) {
    heard.add(event.type);
    apply(copy, event);
  }
  const { hasNextPage, endCursor } = data.events.pageInfo;
  return hasNextPage ? catchUp(copy, endCursor) : (endCursor ?? cursor);
}

const shown = (copy: Copy) =>
  [...copy]
    .map(([id, { tenants, ...record }]) => ({ id, ...record, tenants: [...tenants].sort() }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));

describe('a copy', () => {
  it('that is read from the lists and then follows the feed is the directory, while 50 writers write', async () => {
    const tenants = await Promise.all(Array.from({ length: 4 }, () => newTenant()));
    const customers = await Promise.all(Array.from({ length: 30 }, () => newCustomer()));
    const users = await Promise.all(Array.from({ length: 10 }, () => newTenantUser(tenants[0]?.id ?? '')));
    const dice = new Dice(19);
    const write = (): Promise<unknown> => {
      const [tenant, customer, user] = [dice.one(tenants), dice.one(customers), dice.one(users)];
      const membership = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: tenant.id }] };
      const role = { userIdentifier: { id: user.id }, tenantIdentifier: { id: tenant.id } };
      const name = unique('Named');
      const choices: [string, string, object][] = [
        ['createCustomer', 'customer { id }', { name, tenantIdentifiers: [{ id: tenant.id }] }],
        ['updateCustomer', 'customer { id }', { id: customer.id, name }],
        ['deleteCustomer', 'customer { id }', { id: customer.id, permanently: dice.happens(20) }],
        ['restoreCustomer', 'customer { id }', { id: customer.id }],
        ['addCustomerToTenants', 'customer { id }', membership],
        ['removeCustomerFromTenants', 'customer { id }', membership],
        ['updateTenant', 'tenant { id }', { id: tenant.id, name }],
        ['updateUser', 'user { id }', { id: user.id, name }],
        ['assignTenantRole', 'user { id }', { ...role, roleIdentifier: { name: dice.one(['view', 'manage']) } }],
        ['revokeTenantRole', 'user { id }', role],
        ['deleteUser', 'user { id }', { id: user.id }],
        ['restoreUser', 'user { id }', { id: user.id }],
      ];
      const [mutation, payload, input] = dice.one(choices);
      // Some are refused, because others were faster: then nothing is changed.
      return succeed(mutation, payload, input as never).catch(() => undefined);
    };
    let isWriting = true;
    const writers = Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let round = 0; round < 5; round += 1) await write();
      }),
    ).finally(() => {
      isWriting = false;
    });
    let cursor = await newest();
    const copy = await readLists();
    let rounds = 0;
    do {
      cursor = await catchUp(copy, cursor);
      rounds += 1;
    } while (isWriting);
    await writers;
    await catchUp(copy, cursor);
    const directory = await readLists();
    expect(rounds).toBeGreaterThan(0);
    const written = ['customer', 'tenant', 'user'].map((word) => `${word}.updated`);
    const others = ['customer.created', 'customer.deleted', 'customer.erased', 'user.deleted', 'membership.created'];
    const ofRoles = ['tenantRole.assigned', 'tenantRole.revoked', 'membership.deleted'];
    expect([...written, ...others, ...ofRoles].filter((type) => !heard.has(type))).toEqual([]);
    expect(directory.size).toBeGreaterThan(40);
    expect(shown(copy)).toEqual(shown(directory));
  }, 120_000);
});
