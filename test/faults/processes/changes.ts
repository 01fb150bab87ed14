import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Dice } from '../../shared/dice.ts';

type Kind = 'customer' | 'tenant';

/** A record that one client alone changes, as that client knows it. */
export interface Own {
  kind: Kind;
  id: string;
  externalId: string | null;
  name: string;
  version: number;
  /** Those that a customer belongs to. */
  tenantIds: readonly string[];
}

/** What becomes of one record by a change. The name is given by this change alone: its event is found by it. */
interface Write extends Pick<Own, 'kind' | 'externalId' | 'name' | 'tenantIds'> {
  /** The record before; undefined for one that is new, and for one that others change, too. */
  before: Own | undefined;
}

/** A mutation that a client repeats, always with the same key, until it knows the result. */
export interface Change {
  idempotencyKey: string;
  query: string;
  input: Record<string, unknown>;
  writes: readonly Write[];
  /** Whether others change the same record: then nobody can know beforehand what it is answered as. */
  isContended: boolean;
}

const RECORD = '{ id name version }';
const ERROR = '... on MutationError { code message }';

const CREATE_CUSTOMER = `mutation ($input: CreateCustomerInput!) {
  result: createCustomer(input: $input) { ... on CreateCustomerPayload { record: customer ${RECORD} } ${ERROR} } }`;
const CREATE_TENANT = `mutation ($input: CreateTenantInput!) {
  result: createTenant(input: $input) { ... on CreateTenantPayload { record: tenant ${RECORD} } ${ERROR} } }`;
const UPDATE_CUSTOMER = `mutation ($input: UpdateCustomerInput!) {
  result: updateCustomer(input: $input) { ... on UpdateCustomerPayload { record: customer ${RECORD} } ${ERROR} } }`;
const UPDATE_TENANT = `mutation ($input: UpdateTenantInput!) {
  result: updateTenant(input: $input) { ... on UpdateTenantPayload { record: tenant ${RECORD} } ${ERROR} } }`;
const UPSERT_CUSTOMER = `mutation ($input: UpsertCustomerInput!) {
  result: upsertCustomer(input: $input) { ... on UpsertCustomerPayload { outcome record: customer ${RECORD} } ${ERROR} } }`;
const UPSERT_TENANT = `mutation ($input: UpsertTenantInput!) {
  result: upsertTenant(input: $input) { ... on UpsertTenantPayload { outcome record: tenant ${RECORD} } ${ERROR} } }`;
const IMPORT_CUSTOMERS = `mutation ($input: ImportCustomersInput!) {
  result: importCustomers(input: $input) { ... on ImportCustomersPayload { rows { id outcome } } ${ERROR} } }`;

/** What a mutation answers. Of a record that is read anew, with what it has become since. */
export const resultShape = z.object({
  code: z.string().optional(),
  message: z.string().optional(),
  outcome: z.string().optional(),
  record: z.object({ id: z.string(), name: z.string(), version: z.number() }).nullish(),
  rows: z.array(z.object({ id: z.string().nullable(), outcome: z.string() })).optional(),
});
export type Result = z.infer<typeof resultShape>;

const CONTENDED_TENANTS = 3;
const IMPORTED_AT_ONCE = 4;

const hasExternalId = ({ externalId }: Own): boolean => externalId !== null;

/** Decides what one client does: what it created it changes, and a few tenants together with all others. */
export class Chooser {
  readonly #dice: Dice;
  readonly #client: string;
  #serial = 0;

  constructor(dice: Dice, client: string) {
    this.#dice = dice;
    this.#client = client;
  }

  /** The next change of a client that has these records. */
  next(own: readonly Own[]): Change {
    const customers = own.filter(({ kind }) => kind === 'customer');
    const choices = [
      () => this.#createCustomer(own),
      () => this.#createTenant(),
      () => this.#upsertCustomer(customers),
      () => this.#upsertContendedTenant(),
      () => this.#importCustomers(customers),
    ];
    if (own.length > 0) choices.push(() => this.#update(own));
    return this.#dice.one(choices)();
  }

  #fresh(what: string): string {
    this.#serial += 1;
    return `${what} ${this.#serial} of ${this.#client}`;
  }

  #change(query: string, input: Change['input'], writes: readonly Write[], isContended = false): Change {
    return { idempotencyKey: randomUUID(), query, input, writes, isContended };
  }

  /** A person, without an external id: nothing but the key keeps it from being created twice. */
  #createCustomer(own: readonly Own[]): Change {
    const name = this.#fresh('Person');
    const tenants = this.#dice.some(
      own.filter(({ kind }) => kind === 'tenant'),
      2,
    );
    const input = { name, kind: 'PERSON', tenantIdentifiers: tenants.map(({ id }) => ({ id })) };
    const tenantIds = tenants.map(({ id }) => id);
    return this.#change(CREATE_CUSTOMER, input, [
      { kind: 'customer', externalId: null, name, tenantIds, before: undefined },
    ]);
  }

  #createTenant(): Change {
    const name = this.#fresh('Tenant');
    const externalId = this.#fresh('id');
    return this.#change(CREATE_TENANT, { name, externalId }, [
      { kind: 'tenant', externalId, name, tenantIds: [], before: undefined },
    ]);
  }

  #update(own: readonly Own[]): Change {
    const before = this.#dice.one(own);
    const name = this.#fresh('Renamed');
    // With the version, a repetition that is done again is refused; without, it is at least no second event.
    const expectedVersion = this.#dice.happens(50) ? { expectedVersion: before.version } : {};
    const input = { id: before.id, name, ...expectedVersion };
    const query = before.kind === 'customer' ? UPDATE_CUSTOMER : UPDATE_TENANT;
    return this.#change(query, input, [{ ...before, name, before }]);
  }

  /** A new one, or one that there is and that has an external id. */
  #identified(customers: readonly Own[]): Write {
    const before = this.#dice.happens(50) ? this.#dice.some(customers.filter(hasExternalId), 1)[0] : undefined;
    const name = this.#fresh('Customer');
    return before
      ? { ...before, name, before }
      : { kind: 'customer', externalId: this.#fresh('id'), name, tenantIds: [], before: undefined };
  }

  #upsertCustomer(customers: readonly Own[]): Change {
    const write = this.#identified(customers);
    const input = { identifier: { externalId: write.externalId }, name: write.name };
    return this.#change(UPSERT_CUSTOMER, input, [write]);
  }

  #upsertContendedTenant(): Change {
    const name = this.#fresh('Contended');
    const externalId = `contended ${this.#dice.below(CONTENDED_TENANTS)}`;
    const write: Write = { kind: 'tenant', externalId, name, tenantIds: [], before: undefined };
    return this.#change(UPSERT_TENANT, { identifier: { externalId }, name }, [write], true);
  }

  #importCustomers(customers: readonly Own[]): Change {
    const writes = new Map<string | null, Write>();
    while (writes.size < IMPORTED_AT_ONCE) {
      const write = this.#identified(customers);
      writes.set(write.externalId, write);
    }
    const rows = [...writes.values()].map(({ externalId, name }) => ({ externalId, name }));
    return this.#change(IMPORT_CUSTOMERS, { rows }, [...writes.values()]);
  }
}

/** What is said of one record. */
interface Answered {
  id: string | null;
  outcome: string | undefined;
}

/** What a result says of each record that the change writes. */
export const answersOf = ({ record, outcome, rows }: Result): Answered[] =>
  rows ?? (record ? [{ id: record.id, outcome }] : []);
