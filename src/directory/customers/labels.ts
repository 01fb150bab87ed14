import type { Column, SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { customerLabels, customers } from '../../db/schema/customers.ts';
import { sql } from '../../db/sql.ts';
import { allOf, anyOf, jsonList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { keyOfLabel } from '../kernel/keys.ts';
import { idsWithin } from '../lists/entity-candidates.ts';
import type { EntityFilter } from '../lists/entity-filter.ts';
import type { CustomerScan } from '../lists/reach-scans.ts';

/** What leads the index of every order among those who carry a label. */
interface Partitions {
  deleted: readonly number[];
  kinds: readonly string[];
}

/** Where customers are scanned, and what a filter says of their labels. */
export interface Labelled extends Pick<EntityFilter, 'within' | 'conditions' | 'candidates'> {
  scanOf: (reach: Reach) => CustomerScan;
  /** Whether a label leads the scan. */
  isNarrow?: boolean;
}

/** Returns labels as they are compared, each once. */
const keysOf = (labels: readonly string[]): string[] => [...new Set(labels.map(keyOfLabel))];

const scanned = columnsAs(customerLabels, 'scanned');

/**
 * Returns where to scan those of all customers who carry all of these labels: among those who carry the rarest, in any order. Which
 * that is tells of all customers, and so this is for those who reach all.
 */
export function labelledOfAll(labels: readonly string[], partitions: Partitions): Labelled {
  const keys = keysOf(labels);
  return {
    scanOf: () => scanOfLabels(keys, partitions),
    isNarrow: true,
    within: { where: carriesAll(scanned.customerId, keys, scanned.label), condition: carriesAll(customers.id, keys) },
  };
}

/** Returns where to scan those of some customers who carry all of these labels: as they are, and each is looked at. */
export function labelledOfSome(scanOf: Labelled['scanOf'], labels: readonly string[], reach: Reach): Labelled {
  const keys = keysOf(labels);
  return {
    scanOf,
    within: { where: carriesAll(scanOf(reach).columns.id, keys), condition: carriesAll(customers.id, keys) },
  };
}

/** As the other, for those who reach all: by the rarest label, they may find fewer. */
export function labelledOfMembers(
  scanOf: Labelled['scanOf'],
  labels: readonly string[],
  ofLabels: Partitions,
): Labelled {
  const keys = keysOf(labels);
  const { from, columns, partitions } = scanOfLabels(keys, ofLabels);
  const carrying = idsWithin({
    from,
    id: columns.id,
    partitions: [
      ...partitions,
      { column: columns.deleted, values: ofLabels.deleted },
      { column: columns.kind, values: ofLabels.kinds },
    ],
    where: [],
  });
  return { scanOf, conditions: [carriesAll(customers.id, keys)], candidates: [carrying] };
}

function scanOfLabels(keys: readonly string[], partitions: Partitions): CustomerScan {
  return {
    from: sql`customer_label scanned`,
    columns: {
      id: scanned.customerId,
      kind: scanned.customerKind,
      nameSort: scanned.customerNameSort,
      descriptionSort: scanned.customerDescriptionSort,
      updatedAt: scanned.customerUpdatedAt,
      deleted: scanned.customerDeleted,
    },
    partitions: [{ column: scanned.label, values: keys.length === 1 ? keys : rarestOf(keys, partitions), most: 1 }],
  };
}

/** Selects the label that the fewest customers of these partitions carry. */
function rarestOf(keys: readonly string[], { deleted, kinds }: Partitions): SQL {
  // The unary plus has the counts of a label read one after the other: there are four at the most.
  const count = sql`(SELECT coalesce(sum(customers), 0) FROM label_count WHERE label = given.value
    AND ${anyOf(deleted.map((value) => sql`+customer_deleted = ${value}`))}
    AND ${anyOf(kinds.map((value) => sql`+customer_kind = ${value}`))})`;
  return sql`SELECT given.value FROM json_each(${jsonList(keys)}) given ORDER BY ${count} LIMIT 1`;
}

/** So many labels are asked for by themselves. To go through a list counts as reading, and takes less of what D1 binds. */
const MAX_UNROLLED = 3;

/** Whether a customer carries all of these labels; one of them is known, if the row was found by it. */
function carriesAll(customerId: Column, keys: readonly string[], known?: Column): SQL {
  if (known && keys.length === 1) return sql`TRUE`;
  const carries = (label: SQL) => sql`EXISTS (SELECT 1 FROM customer_label carried
    WHERE carried.label = ${label} AND carried.customer_id = ${customerId})`;
  const unrolled = keys.slice(0, MAX_UNROLLED).map((key) => {
    const carried = carries(sql`${key}`);
    return known ? sql`(${known} = ${key} OR ${carried})` : carried;
  });
  const others = keys.slice(MAX_UNROLLED);
  if (others.length === 0) return allOf(unrolled);
  const lacksOther = sql`EXISTS (SELECT 1 FROM json_each(${jsonList(others)}) other WHERE NOT ${carries(sql`other.value`)})`;
  return allOf([...unrolled, sql`NOT ${lacksOther}`]);
}
