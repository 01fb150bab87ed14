import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission } from '../../../src/directory/kernel/permission-names.ts';
import { DIALECTS } from '../../../src/http/shared/environment.ts';
import { capig } from '../../dialects/capig/table.ts';
import { plain } from '../../dialects/plain/table.ts';
import { prismatic } from '../../dialects/prismatic/table.ts';
import { userdocks } from '../../dialects/userdocks/table.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  succeed,
} from '../../shared/fixtures.ts';
import { type Answer, ask, send } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import { rememberAll, rewind } from '../../shared/rewind.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { OF_DIALECTS } from '../commands.ts';
import { type DialectOperation, newHiddenWorld, nowhere, tracesOf } from './table.ts';

const TABLES = [plain, prismatic, capig, userdocks];

let near: World;
let other: World;
let far: World;
let hidden: World;
const viewers = new Map<string, string>();

beforeAll(async () => {
  [near, other, far] = [await newWorld(), await newWorld(), await newWorld()];
  const [tenantId, customerId] = [near.tenant.id, near.customer.id];
  for (const { prepare } of TABLES) for (const world of [near, other, far]) await prepare?.(world);
  hidden = await newHiddenWorld(near);
  const gone = await newTenant();
  const admin = { roleIdentifier: { name: 'admin' } };
  viewers.set('a key of a tenant', (await newKey({ tenants: [tenantId] })).secret);
  viewers.set('a key of a customer', (await newKey({ customer: customerId })).secret);
  viewers.set('a key whose tenant is deleted', (await newKey({ tenants: [gone.id] })).secret);
  await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
  viewers.set('an admin of a tenant', await tokenOf((await newTenantUser(tenantId, admin)).id, tenantId));
  // Of another than `near` has, because deleting a customer takes holding what its users do.
  const ofCustomer = await newCustomerUser((await newCustomer({ tenantIdentifiers: [{ id: tenantId }] })).id, admin);
  viewers.set('an admin of a customer', await tokenOf(ofCustomer.id));
  await rememberAll();
  await countChanges();
});

beforeEach(() => rewind().run());

const keys = new Map<string, Promise<string>>();
const roles = new Map<string, Promise<string>>();

const roleWith = (scope: 'TENANT' | 'ORGANIZATION', permissions: readonly Permission[]): Promise<string> => {
  const name = [scope, ...permissions].join(' ');
  const id = roles.get(name) ?? newRole({ scope, permissions }).then((role) => role.id);
  roles.set(name, id);
  return id;
};

/** A new credential of who holds these permissions: in the organization, or, for what is asked about the caller, in the world's tenant. */
async function freshCredential(
  { as }: DialectOperation,
  world: World,
  permissions: readonly Permission[],
  access: 'READ' | 'WRITE' = 'WRITE',
): Promise<string> {
  if (as === 'tenant user') {
    const tenantId = world.tenant.id;
    const roleIdentifier = { id: await roleWith('TENANT', permissions) };
    return tokenOf((await newTenantUser(tenantId, { roleIdentifier })).id, tenantId);
  }
  if (as === 'team member') {
    const roleIdentifier = { id: await roleWith('ORGANIZATION', permissions) };
    return tokenOf((await newTeamMember({ roleIdentifier })).id);
  }
  return (await newKey({ permissions, access })).secret;
}

/** The same, and a key is made but once. */
async function credentialWith(
  operation: DialectOperation,
  world: World,
  permissions: readonly Permission[],
  access: 'READ' | 'WRITE' = 'WRITE',
): Promise<string> {
  if (operation.as) return freshCredential(operation, world, permissions);
  const name = [access, ...permissions].join(' ');
  const key = keys.get(name) ?? freshCredential(operation, world, permissions, access);
  keys.set(name, key);
  return key;
}

for (const { dialect, served, operations, outcomeOf } of TABLES) {
  const outcome = async (operation: DialectOperation, world: World, key: string): Promise<[string, Answer]> => {
    const answer = await send(operation.request(world, key));
    return [outcomeOf(answer, operation), answer];
  };

  describe(`${dialect}: every operation`, () => {
    it('stands in the table that these tests walk', async () => {
      expect(operations.map(({ name }) => name).sort()).toEqual([...(await served())].sort());
    });

    for (const operation of operations) {
      const { name, permissions, writes } = operation;

      it(`${name} is done for who holds ${permissions.join(', ') || 'nothing'}, and refused without any of it`, async () => {
        const world = near;
        for (const permission of permissions) {
          const lacking = await credentialWith(operation, world, allBut(permission));
          const before = await changes();
          const [refused, { text }] = await outcome(operation, world, lacking);
          expect(refused, `without ${permission}: ${text}`).toBe('forbidden');
          expect(text).toContain(permission);
          expect(await changes()).toBe(before);
        }
        if (writes) {
          const reading = await credentialWith(operation, world, PERMISSIONS, 'READ');
          const before = await changes();
          const [refused, { text }] = await outcome(operation, world, reading);
          expect(refused, `with a key that only reads: ${text}`).toBe('forbidden');
          expect(await changes()).toBe(before);
        }
        const enough = await credentialWith(operation, world, permissions.length > 0 ? permissions : ['role:read']);
        const before = await changes();
        const [done, { text }] = await outcome(operation, world, enough);
        expect(done, text).toBe('done');
        if (writes) expect(await changes()).toBeGreaterThan(before);
        else expect(await changes()).toBe(before);
      });

      it(`${name} makes no more D1 calls than /graphql does for the same`, async () => {
        // What is asked about the caller is about the caller's own tenant: there is one world for both.
        const theirs = operation.as ? near : other;
        const [one, two] = [
          await freshCredential(operation, near, PERMISSIONS),
          await freshCredential(operation, theirs, PERMISSIONS),
        ];
        for (const credential of ['unseen', 'known']) {
          if (credential === 'known' && writes) await rewind().run();
          const [done, answer] = await outcome(operation, near, one);
          expect(done, answer.text).toBe('done');
          const { query, variables } = operation.own(theirs);
          const own = await ask(query, variables, two);
          expect(own.errors, own.text).toEqual([]);
          expect(answer.calls, `${credential} credential`).toBeLessThanOrEqual(own.calls);
        }
      });

      it(`${name} says of what is out of reach what it says of what is not there, and changes nothing`, async () => {
        if (operation.as || operation.unreached === 'nothing') return;
        const none = nowhere();
        for (const [viewer, secret] of viewers) {
          const before = await changes();
          const [told, answer] = await outcome(operation, far, secret);
          expect(await changes(), viewer).toBe(before);
          if (writes) expect(told, `${viewer}: ${answer.text}`).not.toBe('done');
          for (const trace of tracesOf(far)) expect(answer.text, viewer).not.toContain(trace);
          if (operation.unreached === 'taken' && told === 'taken') continue;
          const [, nothing] = await outcome(operation, none, secret);
          expect([answer.status, answer.text], viewer).toEqual([nothing.status, nothing.text]);
        }
      });

      it(`${name} says of what is deleted what it says of what is not there`, async () => {
        if (operation.as || operation.unreached === 'nothing') return;
        const none = nowhere();
        const everywhere = await credentialWith(operation, near, PERMISSIONS);
        for (const [viewer, secret] of [...viewers, ['a key of the organization', everywhere] as const]) {
          const before = await changes();
          const [told, answer] = await outcome(operation, hidden, secret);
          const afterwards = await changes();
          const [expected, nothing] = await outcome(operation, none, secret);
          expect(told, `${viewer}: ${answer.text}`).toBe(expected);
          // What can be created is, whether there was something like it once or not.
          if (writes && told === 'done') continue;
          expect(afterwards, viewer).toBe(before);
          expect([answer.status, answer.text], viewer).toEqual([nothing.status, nothing.text]);
          for (const trace of tracesOf(hidden)) expect(answer.text, viewer).not.toContain(trace);
        }
      });
    }
  });
}

describe('the tables', () => {
  it('have every command that /graphql has not', () => {
    const writes = TABLES.flatMap(({ operations }) => operations.filter((one) => one.writes).map(({ name }) => name));
    expect(OF_DIALECTS.filter((name) => !writes.includes(name))).toEqual([]);
  });
  it('are of every dialect there is', () => expect(TABLES.map(({ dialect }) => dialect)).toEqual([...DIALECTS]));
});
