import { env } from 'cloudflare:workers';
import { newKey, newTenant, rawId } from './fixtures.ts';

export const ROWS = 10_000;

/** A customer as the tests know it, to work out by themselves what a list should have. */
export interface Row {
  id: string;
  kind: 'COMPANY' | 'PERSON';
  name: string;
  email: string;
  externalId: string;
  description: string | null;
  labels: string[];
  createdAt: number;
  updatedAt: number;
  deleted: boolean;
  /** Of which of the tenants below it is a member. */
  tenants: readonly TenantName[];
}

export type TenantName = 'even' | 'third' | 'small';

/** An id of the given moment, as real ones are. */
const idAt = (time: number, n: number) => {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-aaaa${n.toString(16).padStart(8, '0')}`;
};

/** Created one second after the other, named and changed in quite other orders. */
function row(n: number): Row {
  const createdAt = n * 1000;
  const order = (n * 7919) % ROWS;
  return {
    id: idAt(createdAt, n),
    kind: n % 3 === 0 ? 'PERSON' : 'COMPANY',
    name: `${order > 9200 ? 'Zeta' : 'Name'} ${String(order).padStart(5, '0')}`,
    email: `${n % 7 === 0 ? 'seventh' : 'box'}.${n}@mail.example`,
    externalId: `X${n}`,
    description: n % 5 === 0 ? null : `${n % 2 === 0 ? 'Sells' : 'Makes'} ${(n * 104_729) % 997} things`,
    labels: [
      'common',
      ...(n % 16 === 0 ? ['sixteenth'] : []),
      ...(n % 1000 === 7 ? ['rare'] : []),
      ...(n > 9200 ? ['created last'] : []),
      ...(order > 9200 ? ['named last'] : []),
    ],
    createdAt,
    updatedAt: (n * 77_777_777) % 1_000_000_007,
    deleted: n % 10 === 0,
    tenants: [
      ...(n % 2 === 0 ? (['even'] as const) : []),
      ...(n % 3 === 0 ? (['third'] as const) : []),
      ...(n % 501 === 0 ? (['small'] as const) : []),
    ],
  };
}

export const ALL: readonly Row[] = Array.from({ length: ROWS }, (_, index) => row(index + 1));

export interface Reader {
  who: string;
  tenants: readonly TenantName[] | null;
  key: () => string | undefined;
}

const keys = new Map<string, string>();
const reader = (who: string, ...tenants: TenantName[]): Reader => ({ who, tenants, key: () => keys.get(who) });

export const READERS: readonly Reader[] = [
  { who: 'the root key', tenants: null, key: () => undefined },
  reader('a key of one large tenant', 'even'),
  reader('a key of two tenants that share members', 'even', 'third'),
  reader('a key of one small tenant', 'small'),
];

const ROWS_PER_STATEMENT = 2000;
const value = (name: string) => `value ->> '${name}'`;

/** Fills the database with all of the customers, and makes the tenants and keys of the readers. */
export async function fill(): Promise<void> {
  const ids = new Map<TenantName, string>();
  for (const name of ['even', 'third', 'small'] as const) ids.set(name, (await newTenant({ name })).id);
  for (let start = 0; start < ROWS; start += ROWS_PER_STATEMENT) {
    const rows = JSON.stringify(ALL.slice(start, start + ROWS_PER_STATEMENT));
    await env.DB.prepare(
      `INSERT INTO customer (id, kind, name, name_key, email, email_key, email_verified, external_id, external_id_key,
         description, description_key, description_sort, labels, created_at, updated_at, deleted_at)
       SELECT ${value('id')}, ${value('kind')}, ${value('name')}, lower(${value('name')}), ${value('email')}, ${value('email')},
         0, ${value('externalId')}, ${value('externalId')}, ${value('description')},
         lower(${value('description')}), coalesce(lower(${value('description')}), ''), ${value('labels')}, ${value('createdAt')},
         ${value('updatedAt')}, iif(${value('deleted')}, 1, NULL)
       FROM json_each(?)`,
    )
      .bind(rows)
      .run();
    for (const [name, id] of ids) {
      await env.DB.prepare(
        `INSERT INTO membership SELECT ?1, customer.id, 1, deleted, kind, name_key, updated_at, 'SYSTEM', NULL, description_sort FROM json_each(?2) given
         JOIN customer ON customer.id = given.value`,
      )
        .bind(
          rawId(id),
          JSON.stringify(
            ALL.slice(start, start + ROWS_PER_STATEMENT).flatMap(({ id, tenants }) =>
              tenants.includes(name) ? [id] : [],
            ),
          ),
        )
        .run();
    }
  }
  for (const { who, tenants } of READERS) {
    if (tenants) keys.set(who, (await newKey({ tenants: tenants.map((name) => ids.get(name) ?? '') })).secret);
  }
}
