import { toPlainId } from '../../src/dialects/plain/ids.ts';
import { newKey, newTeamMember, rawId } from '../shared/fixtures.ts';
import { ROOT_KEY } from '../shared/gateway.ts';
import { tokenOf } from '../shared/people.ts';
import { type Known as KnownRecord, newWorld, type World } from '../shared/world.ts';

/** Somebody with a good credential, who asks for whatever comes to mind. */
export interface Attacker {
  name: string;
  token: string;
}

/** By what attackers name records that there are: ids, names and addresses, in all spellings. */
export interface Known {
  tenants: readonly string[];
  customers: readonly string[];
  users: readonly string[];
}

/** Attackers, and what they know. */
export interface Scene {
  attackers: readonly Attacker[];
  known: Known;
}

/** One of each kind of viewer, with everything that such a one may do; only the weakest may do next to nothing. */
export async function newScene(): Promise<Scene> {
  const world = await newWorld();
  const { tenant, customer, tenantUser } = world;
  const { secret: weakest } = await newKey({ access: 'READ', permissions: ['tenant:read'] });
  const { secret: ofTenants } = await newKey({ tenants: [tenant.id] });
  const { secret: ofCustomer } = await newKey({ customer: customer.id });
  const admin = await newTeamMember({ roleIdentifier: { name: 'admin' } });
  return {
    attackers: [
      { name: 'root', token: ROOT_KEY },
      { name: 'a READ key with one permission', token: weakest },
      { name: 'a TENANTS key', token: ofTenants },
      { name: 'a CUSTOMER key', token: ofCustomer },
      { name: 'an admin of the team', token: await tokenOf(admin.id) },
      { name: 'a user of a tenant', token: await tokenOf(tenantUser.id, tenant.id) },
    ],
    known: knownOf(world),
  };
}

const spelled = (type: 'Tenant' | 'Customer' | 'User', records: readonly KnownRecord[]): string[] =>
  records.flatMap((record) => {
    const id = rawId(record.id);
    return [...Object.values(record), id, toPlainId(type, id)];
  });

const knownOf = ({ tenant, otherTenant, customer, tenantUser, customerUser, teamMember }: World): Known => ({
  tenants: spelled('Tenant', [tenant, otherTenant]),
  customers: spelled('Customer', [customer]),
  users: spelled('User', [tenantUser, customerUser, teamMember]),
});
