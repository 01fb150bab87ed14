import { globalId, mutationDocument, PUBLIC_KEY, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { CUSTOMER, IDS, type IssuerState } from './issuer-rows.ts';
import { type Operation, readOutcome, someNode, type ViewerKind, writeOutcome } from './world.ts';

const issuerId = (state: IssuerState) => globalId('TrustedIssuer', IDS[state]);

/** Whom the organization trusts is only for those who reach all of it. */
export const seesIssuer = (viewer: ViewerKind, state: IssuerState): boolean =>
  viewer.reach === null && state === 'trusted';

const read = (
  covers: string,
  document: string,
  variables: (state: IssuerState) => Variables,
  found: (data: Parameters<Parameters<typeof readOutcome>[1]>[0], state: IssuerState) => unknown,
): Operation<IssuerState> => ({
  covers,
  name: `trusted issuers: ${document}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome: (answer, state) => readOutcome(answer, (data) => found(data, state)),
  expected: (viewer, state) => (seesIssuer(viewer, state) ? 'found' : 'absent'),
});

const write = (covers: string, input: (state: IssuerState) => Variables, isNew = false): Operation<IssuerState> => ({
  covers,
  name: covers,
  ask: (state) => ({
    document: mutationDocument(covers, 'trustedIssuer { id }'),
    variables: { input: input(state) },
  }),
  outcome: writeOutcome,
  expected: (viewer, state) => {
    if (viewer.reach !== null) return 'out_of_reach';
    return isNew || state === 'trusted' ? 'done' : 'not_found';
  },
});

export const ISSUER_OPERATIONS: Operation<IssuerState>[] = [
  read(
    'node',
    'query($id: ID!) { node(id: $id) { id } }',
    (state) => ({ id: issuerId(state) }),
    (data) => data.node,
  ),
  read(
    'nodes',
    'query($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    (state) => ({ ids: [issuerId(state)] }),
    (data) => data.nodes[0],
  ),
  read(
    'trustedIssuers',
    '{ trustedIssuers(first: 100) { nodes { id } totalCount } }',
    () => ({}),
    (data, state) => someNode(data, 'trustedIssuers.nodes', issuerId(state)),
  ),
  read(
    'events',
    'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }',
    (state) => ({ s: issuerId(state) }),
    (data) => data.events.nodes.length > 0,
  ),
  write(
    'createTrustedIssuer',
    () => ({
      name: 'x',
      issuer: unique('issuer'),
      audience: 'x',
      keys: [PUBLIC_KEY],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: globalId('Customer', CUSTOMER) }],
    }),
    true,
  ),
  write('updateTrustedIssuer', (state) => ({ id: issuerId(state), name: unique('x') })),
  write('deleteTrustedIssuer', (state) => ({ id: issuerId(state) })),
];
