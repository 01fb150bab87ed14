import { expect, it } from 'vitest';
import { Tally } from '../shared/counts.ts';
import { type Answer, send } from '../shared/gateway.ts';
import { newScene, type Scene } from './attackers.ts';
import {
  type Envelope,
  endpointEnvelope,
  faultOf,
  graphQLEnvelope,
  oauthEnvelope,
  userDocksEnvelope,
} from './claims.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { PATHS, randomRequest } from './random-requests.ts';
import { sized } from './size.ts';

const REQUESTS = sized(3000);
/** After so many, the records that are known may be gone, and others take their place. */
const REQUESTS_OF_A_SCENE = 500;
const SHOWN_FAULTS = 10;
/** So many go to each path, more than once. */
const ENOUGH_FOR_EACH = 300;

const GRAPHQL = /^\/(graphql$|plain\/|api$|api\/|hub\/)/;

/** Pages, and what a browser asks before it asks, have no envelope. */
const isPage: Envelope = ({ status, headers }) =>
  status === 200 &&
  headers.get('content-type') === 'text/html; charset=utf-8' &&
  headers.has('content-security-policy');
const isPreflight: Envelope = ({ status, text }) => status === 204 && text === '';

/** Where programs sign in. What they send to `/auth/refresh` is told apart by what is in it. */
const PROGRAMS = /^\/(oauth|embedded)(\/|$)|^\/auth\/(meta|revoke)\/?$/;

function envelopeAt(path: string): Envelope {
  if (PROGRAMS.test(path)) return (answer) => oauthEnvelope(answer) || isPage(answer) || isPreflight(answer);
  const own = /^\/v1(\/|$)/.test(path) ? userDocksEnvelope : GRAPHQL.test(path) ? graphQLEnvelope : endpointEnvelope;
  return (answer) => own(answer) || isPage(answer) || isPreflight(answer);
}

/** What is wrong with an answer as one of HTTP; null when nothing is. */
function httpFaultOf({ status, headers, text }: Answer, request: Request): string | null {
  if (status === 405 && !headers.has('allow')) return 'refuses the method, and names none';
  if (status === 401 && !/^\/auth\//.test(new URL(request.url).pathname) && !headers.has('www-authenticate')) {
    return 'asks for a credential, and does not say of what kind';
  }
  if (headers.get('x-content-type-options') !== 'nosniff') return 'may be sniffed at';
  if (headers.has('access-control-allow-origin')) return 'lets a page of another origin in';
  const [, credential] = /^Bearer +(\S{20,})$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  if (credential !== undefined && text.includes(credential)) return 'has the credential in it';
  return null;
}

it('whatever is sent, and where to: no failure of ours, nothing told, and no long refusal', async () => {
  const dice = newDice();
  const tally = new Tally();
  const faults: string[] = [];
  const reached = new Set<string>();
  let scene: Scene | undefined;
  for (let count = 0; count < REQUESTS; count += 1) {
    if (!scene || count % REQUESTS_OF_A_SCENE === 0) scene = await newScene();
    const { seed } = dice;
    const request = await randomRequest(dice, scene);
    const { pathname } = new URL(request.url);
    const answer = await send(request);
    tally.add(answer.status >= 400 ? 'refused' : 'answered');
    reached.add(pathname);
    const fault = faultOf(answer, envelopeAt(pathname)) ?? httpFaultOf(answer, request);
    if (fault !== null) faults.push(`ATTACK_SEED=${seed}: ${request.method} ${request.url.slice(0, 200)} ${fault}`);
  }
  printTried(REQUESTS, 'raw requests', tally.outcomes);
  expect(faults.slice(0, SHOWN_FAULTS), `${faults.length} faults`).toEqual([]);
  if (REQUESTS < ENOUGH_FOR_EACH) return;
  expect(PATHS.filter((path) => !reached.has(path))).toEqual([]);
  // What is only ever refused says little.
  expect(tally.outcomes.answered ?? 0, JSON.stringify(tally.outcomes)).toBeGreaterThan(REQUESTS / 30);
});
