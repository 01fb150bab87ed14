import { credentialName } from '../../directory/access/actor.ts';
import { networkOf } from '../../directory/access/rate-limits.ts';
import type { Viewer } from '../../directory/access/viewer.ts';
import type { RateLimitTier } from '../../directory/kernel/rate-limit-tiers.ts';
import type { Environment } from './environment.ts';
import { type Failure, log } from './failures.ts';

/** The seconds in which requests are counted, as each binding in wrangler.toml says, too. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/** What a request counts against: the tier of its credential, or, without a valid one, the limit for strangers. */
type Limited = RateLimitTier | 'STRANGERS';

/** The bindings that count requests, by what they limit. */
const BINDINGS = {
  DEFAULT: 'RATE_LIMIT_DEFAULT',
  HIGH: 'RATE_LIMIT_HIGH',
  STRANGERS: 'RATE_LIMIT_STRANGERS',
} as const satisfies Record<Limited, keyof Environment>;

/**
 * The rate limit of one request, which counts once, however often it is asked about. Each function returns the 429 if
 * there were too many requests, and null if there were not.
 */
export interface RequestLimit {
  /** For a request without a valid credential. It counts for the network that it comes from. */
  ofStranger(): Promise<Response | null>;
  /** For a request with a valid credential. It counts for the API key, the user or the root key, wherever it comes from. */
  ofViewer(viewer: Viewer): Promise<Response | null>;
  /**
   * For credentials that a good request shows and that are not good themselves: each of them counts once more, for the network
   * that the request comes from, as a request of a stranger would.
   */
  ofWrong(credentials: readonly string[]): Promise<Response | null>;
}

/** Returns the rate limit of a request. `fail` answers in the format of the API that was asked. */
export function requestLimit(
  request: Request,
  env: Environment,
  { requestId, fail }: { requestId: string; fail: Failure },
): RequestLimit {
  let isCounted = false;
  const wrong = new Set<string>();
  let refusedWrong: Response | null = null;
  // Without an address, another Worker of the same account asks.
  const address = request.headers.get('cf-connecting-ip');

  async function refusal(limited: Limited, key: string): Promise<Response | null> {
    if (isCounted) return null;
    isCounted = true;
    return (await isWithin(env, limited, key, requestId)) ? null : tooMany(env, limited, fail);
  }

  return {
    ofStranger: async () => (address === null ? null : refusal('STRANGERS', networkOf(address))),
    ofViewer: ({ actor, rateLimitTier }) => refusal(rateLimitTier, credentialName(actor)),
    async ofWrong(credentials) {
      if (address === null || credentials.length === 0) return null;
      for (const credential of credentials) {
        if (refusedWrong !== null) break;
        if (wrong.has(credential)) continue;
        wrong.add(credential);
        const isRefused = !(await isWithin(env, 'STRANGERS', networkOf(address), requestId));
        if (isRefused) refusedWrong = tooMany(env, 'STRANGERS', fail);
      }
      return refusedWrong;
    },
  };
}

/** Counts a request. It goes on if nothing counts it, or if counting fails: a limit must not be what makes an API fail. */
async function isWithin(env: Environment, limited: Limited, key: string, requestId: string): Promise<boolean> {
  const binding = env[BINDINGS[limited]];
  if (!binding) {
    reportMissing(env, requestId);
    return true;
  }
  try {
    return (await binding.limit({ key })).success;
  } catch (error) {
    log(requestId, error);
    return true;
  }
}

let isReported = false;

/** Logs, once in each isolate, that there are requests without a limit. */
function reportMissing(env: Environment, requestId: string): void {
  if (isReported) return;
  isReported = true;
  const missing = Object.values(BINDINGS).filter((name) => !env[name]);
  const message = `Requests are not limited: there is no binding ${missing.join(', ')}.`;
  console.warn(JSON.stringify({ level: 'warn', requestId, message }));
}

/** The answer to one request too many. The binding does not say when the next one will pass: after its period, it will. */
function tooMany({ RATE_LIMITS }: Environment, limited: Limited, fail: Failure): Response {
  const max = RATE_LIMITS?.[limited];
  return fail(429, 'TOO_MANY_REQUESTS', 'There were too many requests. Try again in a minute.', {
    'retry-after': String(RATE_LIMIT_PERIOD_SECONDS),
    ...(max !== undefined && {
      'ratelimit-policy': `"${limited.toLowerCase()}";q=${max};w=${RATE_LIMIT_PERIOD_SECONDS}`,
    }),
  });
}
