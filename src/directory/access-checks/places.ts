import type { SQL } from 'drizzle-orm';
import { customers } from '../../db/schema/customers.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, type Statement, select } from '../../db/statement.ts';
import { customerInReach, type Reach, tenantInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { CUSTOMER_IS_LIVE, TENANT_IS_LIVE } from '../commands/identifiers.ts';
import type { CustomerIdentifier, TenantIdentifier } from '../kernel/input.ts';
import { holderOf, type SoughtKeys, soughtEmail, soughtExternalId, soughtIn } from '../kernel/sought-keys.ts';

/** What a credential reaches may be known only once its key is read: that key then, or the tenant that a token names. */
export interface Reaching {
  apiKeyId: string | null;
  tenantId: string | null;
}

/** A tenant or a customer, by its id or by the keys of what else names it. */
interface Named {
  id?: string | undefined;
  externalId?: SoughtKeys | undefined;
  email?: SoughtKeys | undefined;
}

/** A place that a permission is asked for, and what the credential reaches for which it is. */
export interface AskedPlace {
  kind: 'TENANT' | 'CUSTOMER';
  named: Named;
  reaching: Reaching;
}

/** A live tenant or customer that was asked for, and that the viewer reaches. */
export interface FoundPlace {
  /** The position in the list of those that were asked for. */
  position: number;
  kind: AskedPlace['kind'];
  id: string;
  /** Whether a customer belongs to one of the live tenants of the credential; 0 for a tenant. */
  isMember: number;
}

const keysOf = (keys: (text: string) => SoughtKeys, text: string | null | undefined) =>
  text == null ? undefined : keys(text);

/** Returns how a tenant is looked up. */
export const namedTenant = ({ id, externalId }: TenantIdentifier): Named => ({
  id: id ?? undefined,
  externalId: keysOf(soughtExternalId, externalId),
});

/** Returns how a customer is looked up. */
export const namedCustomer = ({ id, email, externalId }: CustomerIdentifier): Named => ({
  id: id ?? undefined,
  email: keysOf(soughtEmail, email),
  externalId: keysOf(soughtExternalId, externalId),
});

const NAMED = sql`asked.value -> 'named'`;
const IS_TENANT = sql`asked.value ->> 'kind' = 'TENANT'`;
const byExternalId = (table: string): SQL => holderOf(table, 'external_id_key', soughtIn(NAMED, 'externalId'));

/** Whether the customer in scope belongs to a live tenant of the credential, as an expression. */
const IS_MEMBER = sql<number>`(EXISTS (SELECT 1 FROM api_key_tenant
    CROSS JOIN membership ON membership.tenant_id = api_key_tenant.tenant_id AND membership.customer_id = ${customers.id}
    CROSS JOIN tenant ON tenant.id = membership.tenant_id AND ${TENANT_IS_LIVE}
    WHERE api_key_tenant.api_key_id = asked.value -> 'reaching' ->> 'apiKeyId')
  OR EXISTS (SELECT 1 FROM membership
    CROSS JOIN tenant ON tenant.id = membership.tenant_id AND ${TENANT_IS_LIVE}
    WHERE membership.tenant_id = asked.value -> 'reaching' ->> 'tenantId' AND membership.customer_id = ${customers.id}))`;

const position = sql<number>`asked.key`;
const kind = sql<AskedPlace['kind']>`asked.value ->> 'kind'`;

/** Reads the places that are asked for, as far as they are there and in the viewer's reach, in two statements. */
export function placesAsked({ reach }: Viewer, places: readonly AskedPlace[]): Statement<FoundPlace>[] {
  const asked = sql`FROM json_each(${jsonList(places)}) asked`;
  return [
    select(
      { position, kind, id: tenants.id, isMember: sql<number>`0` },
      sql`${asked} CROSS JOIN tenant ON tenant.id = coalesce(${NAMED} ->> 'id', ${byExternalId('tenant')})
        WHERE ${IS_TENANT} AND ${TENANT_IS_LIVE} AND ${tenantInReach(reach, tenants.id)}`,
    ),
    select(
      { position, kind, id: customers.id, isMember: IS_MEMBER },
      sql`${asked} CROSS JOIN customer ON customer.id = coalesce(${NAMED} ->> 'id', ${byExternalId('customer')},
          ${holderOf('customer', 'email_key', soughtIn(NAMED, 'email'))})
        WHERE NOT ${IS_TENANT} AND ${CUSTOMER_IS_LIVE} AND ${customerInReach(reach, customers.id)}`,
    ),
  ];
}

/** Whether a credential with this reach acts at a place. A reach of one customer acts in none of its tenants. */
export function actsAt(reach: Reach, { kind, id, isMember }: FoundPlace): boolean {
  if (reach.kind === 'ORGANIZATION') return true;
  if (kind === 'TENANT') return reach.kind === 'TENANTS' && reach.tenantIds.includes(id);
  return reach.kind === 'TENANTS' ? isMember === 1 : reach.customerId === id;
}

/** Whether a credential with this reach acts anywhere: what it was limited to may be gone. */
export function actsAnywhere(reach: Reach): boolean {
  if (reach.kind === 'TENANTS') return reach.tenantIds.length > 0;
  return reach.kind === 'ORGANIZATION' || reach.customerId !== null;
}
