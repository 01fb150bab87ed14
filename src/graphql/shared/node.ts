import { brandWithType, type ObjectRef } from '@pothos/core';
import type { Caller } from '../../directory/access/viewer.ts';
import { type NamedRecord, ValidationError } from '../../directory/kernel/errors.ts';
import { MAX_PAGE_SIZE } from '../../directory/lists/page-arguments.ts';
import { type Asked, askedOfType } from './ahead.ts';
import { builder } from './builder.ts';
import { type NodeType, requireGlobalId } from './ids.ts';
import { type FindByIds, recordWithId } from './per-record.ts';
import { listOf, price } from './prices.ts';
import { reads } from './reads.ts';

/** The interface of everything that `node` and `nodes` find. */
export const Node = builder.nodeInterfaceRef();

type NodeRef = ObjectRef<typeof builder.$inferSchemaTypes, unknown>;
type Load = (caller: Caller, id: string, asked: Asked) => Promise<object | null>;

const types = new Map<NodeType, { ref: NodeRef; load: Load }>();

/**
 * Lets `node` and `nodes` find records of this type, and errors name them. `load` answers null for what the caller
 * cannot reach. It is told what is asked of records of the type.
 */
export function loadNodesOf(type: NodeType, ref: NodeRef, load: Load): void {
  types.set(type, { ref, load });
}

/**
 * Returns the node type of this name, whose records are found by UUID. All that one request asks for together is one
 * call of `byIds`, which answers in any order and leaves out what the caller cannot reach: that is null.
 */
export function entityNode<Row extends { id: string }>(name: NodeType, byIds: FindByIds<Row>) {
  const ref = builder.nodeRef<Row>(name, { id: { resolve: ({ id }) => id, ...reads('id') } });
  loadNodesOf(name, ref, (caller, id, asked) => recordWithId(byIds, id, caller, asked));
  return ref;
}

/** Returns the record that an error names, marked with its type, so that the Node interface can tell it. */
export function toNode({ entity, record }: NamedRecord) {
  const known = types.get(entity);
  if (!known) throw new Error(`${entity} is not a node`);
  brandWithType(record, known.ref);
  return record;
}

async function findNode(caller: Caller, globalId: string, path: string, asked: Asked): Promise<object | null> {
  const given = requireGlobalId(globalId, path);
  const known = types.get(given.type);
  if (!known) return null;
  const record = await known.load(caller, given.id, askedOfType(asked, given.type));
  if (record !== null) brandWithType(record, known.ref);
  return record;
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'The record with this global id; null when there is none, or it is deleted or out of your reach.',
    args: { id: t.arg.id({ required: true, description: 'A global id, as any `id` field answers it.' }) },
    resolve: (_, { id }, caller, info) => findNode(caller, id, 'id', info),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: true, items: true },
    ...price(listOf('ids')),
    description: 'The records with these global ids, in this order, read together; null where there is none.',
    args: {
      ids: t.arg.idList({ required: true, description: `At most ${MAX_PAGE_SIZE} global ids.` }),
    },
    resolve: (_, { ids }, caller, info) => {
      if (ids.length > MAX_PAGE_SIZE) throw ValidationError.at('ids', `must be at most ${MAX_PAGE_SIZE}`);
      return ids.map((id, index) => findNode(caller, id, `ids.${index}`, info));
    },
  }),
}));
