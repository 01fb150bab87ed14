import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import type { EventType } from '../kernel/event-types.ts';

/** A unique index on a key. */
export interface UniqueKey {
  /** The column of the key, in SQL. */
  column: string;
  /** Where the value stands in the inputs of the record. */
  path: string;
  /** The other columns of the index. */
  within: readonly string[];
}

/** A table whose records have keys, with its columns as they are called in SQL. */
export interface KeyedTable {
  name: 'tenant' | 'customer' | 'user' | 'role' | 'data_source';
  /** The columns that the keys are made of. */
  texts: readonly string[];
  /** What is made of them. */
  derived: readonly string[];
  /** A column that is another one after every change of the texts. */
  guard: string;
  unique: readonly UniqueKey[];
  /** Over a row called `keyed`: it holds the values of this unique key against others. */
  holds: (key: UniqueKey) => SQL;
  /** Over the same: the type of record and of the event of a key that is another record's. */
  subjectType: SQL;
  collided: SQL;
}

const NAMED = ['name_key', 'name_folded', 'name_words'];
const ADDRESSED = ['email_key', 'email_folded', 'email_words'];

const externalId: UniqueKey = { column: 'external_id_key', path: 'externalId', within: [] };
const IS_LIVE = sql`keyed.deleted_at IS NULL`;

/** What an event is called that records that a key of such a record is that of another one. */
const collided = (word: 'tenant' | 'customer' | 'user' | 'role' | 'pixel' | 'pipeline'): EventType =>
  `${word}.keyCollided`;

/** The tables of which each record has keys, in the order in which they are given new ones. */
export const KEYED_TABLES: readonly KeyedTable[] = [
  {
    name: 'role',
    texts: ['name'],
    derived: ['name_key'],
    guard: 'name',
    unique: [{ column: 'name_key', path: 'name', within: ['scope'] }],
    holds: () => sql`TRUE`,
    subjectType: sql`'Role'`,
    collided: sql`${collided('role')}`,
  },
  {
    name: 'tenant',
    texts: ['name', 'external_id'],
    derived: [...NAMED, 'external_id_key'],
    guard: 'version',
    unique: [externalId],
    holds: () => IS_LIVE,
    subjectType: sql`'Tenant'`,
    collided: sql`${collided('tenant')}`,
  },
  {
    name: 'customer',
    texts: ['name', 'email', 'external_id', 'description', 'labels'],
    derived: [
      ...NAMED,
      ...ADDRESSED,
      'external_id_key',
      'description_key',
      'description_words',
      'description_sort',
      'label_keys',
    ],
    guard: 'version',
    unique: [
      { column: 'name_key', path: 'name', within: [] },
      { column: 'email_key', path: 'email.address', within: [] },
      externalId,
    ],
    holds: ({ column }) => (column === 'name_key' ? sql`${IS_LIVE} AND keyed.kind = 'COMPANY'` : IS_LIVE),
    subjectType: sql`'Customer'`,
    collided: sql`${collided('customer')}`,
  },
  {
    name: 'user',
    texts: ['name', 'email', 'external_id'],
    derived: [...NAMED, ...ADDRESSED, 'external_id_key'],
    guard: 'version',
    unique: [{ column: 'email_key', path: 'email', within: [] }, externalId],
    holds: () => IS_LIVE,
    subjectType: sql`'User'`,
    collided: sql`${collided('user')}`,
  },
  {
    name: 'data_source',
    texts: ['external_id'],
    derived: ['external_id_key'],
    guard: 'updated_at',
    unique: [{ ...externalId, within: ['tenant_id', 'kind'] }],
    holds: () => sql`TRUE`,
    subjectType: sql`iif(keyed.kind = 'PIXEL', 'Pixel', 'Pipeline')`,
    collided: sql`iif(keyed.kind = 'PIXEL', ${collided('pixel')}, ${collided('pipeline')})`,
  },
];
