import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { ask, type Gateway } from '../../../src/cli/shared/gateway.ts';

const snapshot = z.record(z.string(), z.unknown());
type Snapshot = z.infer<typeof snapshot>;

const eventShape = z.object({
  id: z.string(),
  type: z.string(),
  subjectId: z.string(),
  before: snapshot.nullable(),
  after: snapshot.nullable(),
});
type Event = z.infer<typeof eventShape>;

/** A list of the gateway from behind a cursor to its end, page by page, and where that is. */
async function pages<T>(gateway: Gateway, field: string, fields: string, node: z.ZodType<T>, from: string | null) {
  const shape = z.object({
    list: z.object({
      nodes: z.array(node),
      pageInfo: z.object({ endCursor: z.string().nullable(), hasNextPage: z.boolean() }),
    }),
  });
  const query = `query ($after: String) {
    list: ${field}(first: 100, after: $after) { nodes { ${fields} } pageInfo { endCursor hasNextPage } } }`;
  const nodes: T[] = [];
  let after = from;
  for (;;) {
    const { list } = await ask(gateway, query, { after }, shape);
    nodes.push(...list.nodes);
    after = list.pageInfo.endCursor ?? after;
    if (!list.pageInfo.hasNextPage) return { nodes, end: after };
  }
}

/** The events of a gateway, read on from where they were read to. */
export class Feed {
  readonly events: Event[] = [];
  #end: string | null = null;

  /** Reads what has come since. */
  async read(gateway: Gateway): Promise<void> {
    const { nodes, end } = await pages(gateway, 'events', 'id type subjectId before after', eventShape, this.#end);
    this.events.push(...nodes);
    this.#end = end;
  }

  /** How many events say that a record got this name. */
  countOf(name: string): number {
    return this.events.filter(({ after }) => after?.name === name).length;
  }
}

/** A tenant or a customer: what its events tell, and how often it has changed. */
export interface Recorded {
  values: Snapshot;
  version: number;
  tenantIds: string[];
}
export type Records = Map<string, Recorded>;

const tenant = z.looseObject({ id: z.string(), version: z.number() });
const customer = tenant.extend({ tenants: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });

const TENANT_FIELDS = `id version name externalId url description status partnerManaged eventEnrichment test
  billing { companyName vatId taxType taxExempt isBusinessCustomer isInvoicePending oneTimePaymentValidThrough
    billingAddress { line1 } shippingAddress { line1 } }`;
const CUSTOMER_FIELDS = `id version kind name shortName email { address isVerified } externalId description labels
  tenants(first: 10) { nodes { id } }`;

/** All tenants and customers that there are, by their ids. */
export async function readRecords(gateway: Gateway): Promise<Records> {
  const tenants = await pages(gateway, 'tenants', TENANT_FIELDS, tenant, null);
  const customers = await pages(gateway, 'customers', CUSTOMER_FIELDS, customer, null);
  const records: Records = new Map();
  for (const { id, version, ...values } of tenants.nodes) records.set(id, { values, version, tenantIds: [] });
  for (const { id, version, tenants: joined, ...values } of customers.nodes) {
    records.set(id, { values, version, tenantIds: joined.nodes.map((one) => one.id).sort() });
  }
  return records;
}

/**
 * All tenants and customers that there must be if these are all events that ever were.
 * @throws Error if an event does not follow from those before it
 */
export function replay(events: readonly Event[]): Records {
  const records: Records = new Map();
  for (const { type, subjectId, before, after } of events) {
    const known = records.get(subjectId);
    if (/^(tenant|customer)\.(created|updated)$/.test(type)) {
      if (after === null || !isDeepStrictEqual(before, known?.values ?? null)) {
        throw new Error(`${type} of ${subjectId} does not follow: it was ${JSON.stringify(known)}`);
      }
      records.set(subjectId, {
        values: after,
        version: (known?.version ?? 0) + 1,
        tenantIds: known?.tenantIds ?? [],
      });
    } else if (type === 'membership.created') {
      const { tenantId } = z.object({ tenantId: z.string() }).parse(after);
      if (!known || known.tenantIds.includes(tenantId)) throw new Error(`${subjectId} cannot join ${tenantId}`);
      known.tenantIds = [...known.tenantIds, tenantId].sort();
    }
  }
  return records;
}
