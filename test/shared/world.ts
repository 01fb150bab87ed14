import {
  newCustomer,
  newCustomerUser,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  unique,
} from './fixtures.ts';

/** A record with each of the ids that it can be named by. */
export interface Known {
  /** The global one. */
  id: string;
  name: string;
  externalId: string;
}

export interface KnownByEmail extends Known {
  email: string;
}

/** The records that every walk begins with. What a walk needs beyond them, its keys above all, it adds by itself. */
export interface World {
  tenant: Known;
  /** Has nobody yet. */
  otherTenant: Known;
  /** A company, in `tenant` only. */
  customer: KnownByEmail;
  /** Has the role `view` in `tenant`. */
  tenantUser: KnownByEmail;
  /** Has the role `member` in `customer`. */
  customerUser: KnownByEmail;
  /** Has the role `viewer` in the organization. */
  teamMember: KnownByEmail;
}

const known = ({ id, name, externalId }: Result): Known => ({ id, name, externalId });
const knownByEmail = (record: Result): KnownByEmail => ({
  ...known(record),
  email: typeof record.email === 'string' ? record.email : record.email.address,
});

/** A new world. With a tenant given, customer and tenant user are in that one, and `tenant` has nobody either. */
export async function newWorld(home?: Known): Promise<World> {
  const [tenant, otherTenant] = [await newTenant(), await newTenant()];
  const { id: homeId } = home ?? tenant;
  const email = { address: `${unique('customer')}@x.example` };
  const customer = await newCustomer({ email, tenantIdentifiers: [{ id: homeId }] });
  const withExternalId = () => ({ externalId: unique('user') });
  return {
    tenant: known(tenant),
    otherTenant: known(otherTenant),
    customer: knownByEmail(customer),
    tenantUser: knownByEmail(await newTenantUser(homeId, withExternalId())),
    customerUser: knownByEmail(await newCustomerUser(customer.id, withExternalId())),
    teamMember: knownByEmail(await newTeamMember(withExternalId())),
  };
}
