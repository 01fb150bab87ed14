declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    ASSETS: Fetcher;
    RATE_LIMIT_STRANGERS: RateLimit;
    RATE_LIMITS: { DEFAULT: number; HIGH: number; STRANGERS: number };
    /** Of `npm run test:attack`: 1 is the whole of it. */
    ATTACK_SIZE: number;
    /** Likewise, what its chance begins with; 0 for another at each run. */
    ATTACK_SEED: number;
    /** Of `npm run test:faults`: 1 is the whole of it. */
    FAULTS_SIZE: number;
    /** Likewise, what its chance begins with; 0 for another at each run. */
    FAULTS_SEED: number;
    /** Of `npm run test:lists`: how many records of each kind there are. */
    LISTS_SIZE: number;
    IS_ISOLATION_WHOLE: boolean;
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
}
