import {
  type FieldNode,
  type GraphQLResolveInfo,
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import type { Caller } from '../../directory/access/viewer.ts';
import type { Source } from '../../directory/lists/found.ts';
import { type AskedField, askedFields } from './selections.ts';

/*
 * What leads from records to others is read in the D1 call that reads the records. Before these are there, their fields that
 * are asked for are looked through for links, and each link begins to read for all of them, by a statement that begins with
 * that of the records. So do the links below it: a query is one call, however deep it is. A field for which nothing was read
 * ahead reads for itself.
 */

/** What is asked of a field: of what its resolver is told, the part that is known before there are records. */
export interface Asked
  extends Pick<GraphQLResolveInfo, 'fieldNodes' | 'returnType' | 'schema' | 'fragments' | 'variableValues'> {
  /** What the sources weigh that it is read from, one of which begins with the other. */
  weight?: number;
  /** Whether totals are left for later. They read every row that they count, for which no write should wait. */
  totalsLater?: boolean;
}

/** Answers a field of a record, from what was read ahead for it. */
// biome-ignore lint/suspicious/noExplicitAny: each field knows its own records, and what it answers
type Answer = (record: any) => any;

/**
 * Begins to read a field for all records of a source. Null if that cannot be done without the records. It throws what the
 * field would: the field itself is refused then.
 */
export type Link = (caller: Caller, records: Source, args: Record<string, unknown>, asked: Asked) => Answer | null;

/** A source of nothing: what is read whatever the records are can be read ahead of it. */
export const NOTHING: Source = { values: () => null };

/** A place where a document asks for something. */
export type Place = object;

const joined = new WeakMap<Place, WeakMap<FieldNode, Place>>();

/**
 * Returns the place where a document asks for a field by these nodes. It is a node itself, and one of its own where several say
 * together what is asked: a fragment that has one of them can be spread where nobody asks for the others.
 */
export function placeOf([first, ...others]: Asked['fieldNodes']): Place | undefined {
  return others.reduce((place: Place | undefined, node) => place && joinedPlace(place, node), first);
}

function joinedPlace(place: Place, node: FieldNode): Place {
  const further = joined.get(place) ?? new WeakMap<FieldNode, Place>();
  joined.set(place, further);
  const known = further.get(node) ?? {};
  further.set(node, known);
  return known;
}

/** What was read ahead of a record, by where the document asks for it. */
type Ahead = ReadonlyMap<Place | undefined, Answer>;

/** Where a record has what was read ahead of it. V8 lets go of what a weak map has only when it looks through all of the heap. */
const AHEAD = Symbol('ahead');
type Noted = { [AHEAD]?: Ahead };

/** How many statements of a request may begin with others, which are run again for each of them; fewer if these have a weight. */
const MAX_LINKS = 32;

const linkCounts = new WeakMap<Caller, number>();

function mayLink(caller: Caller, weight: number): boolean {
  const count = (linkCounts.get(caller) ?? 0) + 1 + weight;
  if (count > MAX_LINKS) return false;
  linkCounts.set(caller, count);
  return true;
}

/**
 * Begins to read what is asked for below records that a field answers, or the page that it answers. Returns a function
 * which is to be told the records as soon as they are there. The source must have all of them.
 */
export function readAhead(caller: Caller, records: Source, asked: Asked): (rows: readonly object[]) => void {
  const ahead = new Map<Place | undefined, Answer>();
  const weight = (asked.weight ?? 0) + (records.weight ?? 0);
  const values = new Map<Link, Answer>();
  for (const { definition, nodes } of recordFields(asked)) {
    const link = definition.extensions.link as Link | undefined;
    // A value is read once, under however many names: what it takes may be dear, such as all that a user may do.
    const known = link && isPlainValue(nodes) ? values.get(link) : undefined;
    if (known) ahead.set(placeOf(nodes), known);
    if (known || !link || !mayLink(caller, weight)) continue;
    const answer = unlessRefused(() => {
      const args = getArgumentValues(definition, nodes[0], asked.variableValues);
      return link(caller, records, args, { ...askedBelow(asked, { definition, nodes }), weight });
    });
    if (!answer) continue;
    ahead.set(placeOf(nodes), answer);
    if (isPlainValue(nodes)) values.set(link, answer);
  }
  return (rows) => {
    if (ahead.size > 0) for (const row of rows) note(row, ahead);
  };
}

/** Whether a field is asked without arguments, and for nothing below it: then it is the same under every name. */
const isPlainValue = ([node]: Asked['fieldNodes']): boolean =>
  node !== undefined && node.selectionSet === undefined && !node.arguments?.length;

/** The extension of a payload's field that answers the record which the change has left. */
export const RECORD_LEFT = { extensions: { isRecordLeft: true } };

/**
 * Begins to read what is asked for below the record that a mutation leaves, and what its payload leads to from that record.
 * Returns what `readAhead` does.
 */
export function readAheadOfPayload(caller: Caller, record: Source, asked: Asked): (rows: readonly object[]) => void {
  const type = getNamedType(asked.returnType);
  const payloads = isAbstractType(type) ? asked.schema.getPossibleTypes(type) : [type];
  const places = payloads
    .filter((payload) => isObjectType(payload) && Object.values(payload.getFields()).some(isRecordLeft))
    .map((payload) => askedBelow(asked, { nodes: asked.fieldNodes, definition: { type: payload } }))
    .flatMap((payload) => [
      payload,
      ...fieldsBelow(payload)
        .filter(({ definition }) => isRecordLeft(definition))
        .map((field) => askedBelow(asked, field)),
    ]);
  const notes = places.map((place) => readAhead(caller, record, { ...place, totalsLater: true }));
  return (rows) => {
    for (const note of notes) note(rows);
  };
}

const isRecordLeft = ({ extensions }: Pick<AskedField['definition'], 'extensions'>): boolean =>
  extensions.isRecordLeft === true;

/** Returns how a field of this record is answered from what was read ahead; undefined if nothing was. */
export const answerAhead = (record: Noted, { fieldNodes }: Pick<GraphQLResolveInfo, 'fieldNodes'>) =>
  record[AHEAD]?.get(placeOf(fieldNodes));

/** One row can be found in several places of a document, which do not ask the same of it. */
function note(row: Noted, ahead: Ahead): void {
  const before = row[AHEAD];
  row[AHEAD] = before ? new Map([...before, ...ahead]) : ahead;
}

function unlessRefused<Value>(begin: () => Value): Value | null {
  try {
    return begin();
  } catch {
    // The field itself throws it again, where it belongs in the answer.
    return null;
  }
}

/** A field, as far as it says what is asked for below it. */
interface AskedAt {
  nodes: Asked['fieldNodes'];
  definition: { type: Asked['returnType'] };
}

/** Returns what is asked of a field below another. */
const askedBelow = (
  { schema, fragments, variableValues, weight = 0, totalsLater = false }: Asked,
  { nodes, definition: { type } }: AskedAt,
): Asked => ({
  fieldNodes: nodes,
  returnType: type,
  schema,
  fragments,
  variableValues,
  weight,
  totalsLater,
});

/** Returns what is asked of a field of an interface, where it answers a record of this type. */
export const askedOfType = (asked: Asked, name: string): Asked =>
  askedBelow(asked, {
    nodes: asked.fieldNodes,
    definition: { type: asked.schema.getType(name) as Asked['returnType'] },
  });

/** Returns the fields that are asked for below a field; none if these are not of one type of object. */
export function fieldsBelow({ fieldNodes, returnType, schema, fragments, variableValues }: Asked): AskedField[] {
  const type = getNamedType(returnType);
  const selections = fieldNodes.flatMap(({ selectionSet }): readonly SelectionSetNode[] =>
    selectionSet ? [selectionSet] : [],
  );
  return isObjectType(type) ? askedFields({ schema, fragments }, variableValues, type, selections) : [];
}

/** Returns the fields that are asked of the records which a field answers, or the page that it answers. */
function recordFields(asked: Asked): AskedField[] {
  const fields = fieldsBelow(asked);
  const isPage = fields.some(({ parentType }) => 'pageInfo' in parentType.getFields());
  return isPage ? fields.flatMap((field) => fieldsOfRecords(asked, field)) : fields;
}

/** Returns the fields that are asked of the records below a field of a page, or of an edge. */
function fieldsOfRecords(asked: Asked, { definition, nodes }: AskedField): AskedField[] {
  const below = fieldsBelow(askedBelow(asked, { definition, nodes }));
  if (definition.name === 'edges') return below.flatMap((field) => fieldsOfRecords(asked, field));
  return definition.name === 'nodes' || definition.name === 'node' ? below : [];
}
