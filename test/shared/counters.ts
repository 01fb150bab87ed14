import { env } from 'cloudflare:workers';
import type { Actor } from '../../src/directory/access/actor.ts';
import type { RateLimit } from '../../src/directory/access/rate-limits.ts';
import { type Key, rawId } from './fixtures.ts';

/** Whom a limit of a key is counted by. */
export const actorOf = ({ id }: Pick<Key, 'id'>): Actor => ({ type: 'API_KEY', id: rawId(id) });

/** Sets how often something happened in the window that began so long ago, so that a test need not do it so often. */
export const setCount = ({ key }: RateLimit, count: number, millisecondsAgo = 0): Promise<unknown> =>
  env.DB.prepare('INSERT OR REPLACE INTO attempt (key, count, since) VALUES (?, ?, ?)')
    .bind(key, count, Date.now() - millisecondsAgo)
    .run();

/** Reads how often something was counted in its window. */
export const countOf = async ({ key }: RateLimit): Promise<number> =>
  (await env.DB.prepare('SELECT count FROM attempt WHERE key = ?').bind(key).first<number>('count')) ?? 0;
