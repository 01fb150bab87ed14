import { globalId, mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Answer, Variables } from '../../shared/gateway.ts';
import { entryOf } from '../operations.ts';
import { SOURCE_TYPES, type SourceState, type SourceType, sourceId } from './usage-rows.ts';
import {
  type Operation,
  type Outcome,
  ownCustomer,
  reaches,
  readOutcome,
  someNode,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

const idOf = (type: SourceType, state: SourceState) => globalId(type, sourceId(type, state));
const tenantId = (state: SourceState) =>
  state === 'none' ? globalId('Tenant', '01900000-0000-7000-8000-00000000ffff') : tenantIds[state];

/** Data sources are for those who reach their tenant, while it is live. */
export const seesSource = (viewer: ViewerKind, state: SourceState): boolean =>
  (state === 'a' || state === 'b') && reaches(viewer, [state]);

const visible = (viewer: ViewerKind, state: SourceState): Outcome => (seesSource(viewer, state) ? 'found' : 'absent');

/** Of a tenant that its customer belongs to, a reach of one customer has no more than the name. */
const detail = (viewer: ViewerKind, state: SourceState): Outcome =>
  ownCustomer(viewer)?.tenants.some((name) => name === state) ? 'forbidden' : visible(viewer, state);

const editable = (viewer: ViewerKind, state: SourceState): Outcome => {
  if (viewer.customer) return 'out_of_reach';
  return seesSource(viewer, state) ? 'done' : 'not_found';
};

const read = (
  covers: string,
  document: string,
  variables: (state: SourceState) => Variables,
  found: (data: Answer['data'], state: SourceState) => unknown,
  expected: Operation<SourceState>['expected'] = visible,
): Operation<SourceState> => ({
  covers,
  name: `data sources: ${document}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome: (answer, state) => readOutcome(answer, (data) => found(data, state)),
  expected,
});

const write = (
  covers: string,
  payload: string,
  input: (state: SourceState) => Variables,
  more = '',
): Operation<SourceState> => ({
  covers,
  name: `${covers}${more}`,
  ask: (state) => ({ document: mutationDocument(covers, payload), variables: { input: input(state) } }),
  outcome: writeOutcome,
  expected: editable,
});

const operations = (type: SourceType): Operation<SourceState>[] => {
  const word = type.toLowerCase();
  const isSubject = (data: Answer['data'], state: SourceState) =>
    data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === idOf(type, state));
  // The event of a tenant that is deleted is there for who reaches everything.
  const named = (viewer: ViewerKind, state: SourceState): Outcome =>
    state !== 'none' && reaches(viewer, [state]) ? 'found' : 'absent';
  return [
    read(
      'node',
      'query($id: ID!) { node(id: $id) { id } }',
      (state) => ({ id: idOf(type, state) }),
      (data) => data.node,
    ),
    read(
      'nodes',
      'query($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      (state) => ({ ids: [idOf(type, state)] }),
      (data) => data.nodes[0],
    ),
    read(
      'tenant',
      `query($id: ID!) { tenant(id: $id) { ${word}s { nodes { id } totalCount } } }`,
      (state) => ({ id: tenantId(state) }),
      (data, state) => someNode(data, `tenant.${word}s.nodes`, idOf(type, state)),
      detail,
    ),
    read(
      'events',
      'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { subjectId } } }',
      (state) => ({ s: idOf(type, state) }),
      isSubject,
      named,
    ),
    read(
      'events',
      `{ events(first: 100, filter: { types: ["${word}.created"] }) { nodes { subjectId } } }`,
      () => ({}),
      isSubject,
      named,
    ),
    write(`register${type}`, `${word} { id tenant { id } }`, (state) => ({
      tenantIdentifier: { id: tenantId(state) },
      name: unique('x'),
    })),
    write(
      `register${type}`,
      `${word} { id }`,
      (state) => ({ tenantIdentifier: { externalId: state }, name: unique('x') }),
      ' by external id of the tenant',
    ),
    write(`update${type}`, `${word} { id }`, (state) => ({ id: idOf(type, state), status: 'INACTIVE' })),
    write(`remove${type}`, `${word} { id }`, (state) => ({ id: idOf(type, state) })),
  ];
};

export const USAGE_OPERATIONS: Operation<SourceState>[] = [
  ...SOURCE_TYPES.flatMap(operations),
  read(
    'tenant',
    'query($id: ID!) { tenant(id: $id) { usage { eventsReceived } } }',
    (state) => ({ id: tenantId(state) }),
    (data) => data.tenant?.usage.eventsReceived === 7,
    detail,
  ),
  write('recordTraffic', 'entries { outcome }', (state) => ({ entries: [entryOf(idOf('Pixel', state))] })),
  write(
    'recordTraffic',
    'entries { outcome }',
    (state) => ({ entries: [{ ...entryOf(idOf('Pixel', state)), entryId: 'known' }] }),
    ' of an entry that is known',
  ),
  {
    ...write(
      'recordTraffic',
      'entries { outcome }',
      (state) => ({ entries: [entryOf(idOf('Pixel', 'a')), entryOf(idOf('Pixel', state))] }),
      ' together with that of tenant a',
    ),
    tellsApart: true,
    expected: (viewer, state) => (seesSource(viewer, 'a') ? editable(viewer, state) : editable(viewer, 'a')),
  },
];
