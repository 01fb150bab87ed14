import { describe, expect, it } from 'vitest';
import { DIALECTS, type DialectName, NO_DIALECTS } from '../../src/http/shared/environment.ts';
import { type Answer, PUBLIC_URL, send } from '../shared/gateway.ts';

/** Paths of each, none of which answers 404 to a stranger. */
const PATHS: Record<DialectName, readonly string[]> = {
  plain: ['/plain/graphql/v1', '/plain/graphql/v1/'],
  prismatic: [
    '/api',
    '/api/',
    '/oauth/token',
    '/oauth/token/',
    '/auth/meta',
    '/auth/revoke',
    '/embedded/authenticate',
    '/embedded/authenticate/',
  ],
  capig: ['/hub/graphql', '/hub/graphql/', '/clients/token', '/clients/token/'],
  userdocks: ['/v1/tenants/me'],
};

const post = (path: string, overrides: { DIALECTS?: string } = {}): Promise<Answer> =>
  send(new Request(`${PUBLIC_URL}${path}`, { method: 'POST' }), overrides);

describe('DIALECTS', () => {
  for (const dialect of DIALECTS) {
    it(`has ${dialect} served, if it is named or none is`, async () => {
      for (const path of PATHS[dialect]) {
        for (const list of [undefined, '', ' , ', dialect, ` ${dialect} ,`]) {
          const { status } = await post(path, list === undefined ? {} : { DIALECTS: list });
          // Plain has no 404: what is nowhere is 400 there, and a stranger is asked for a credential where there is something.
          expect(status, `${path} with ${list}`).not.toBe(dialect === 'plain' ? 400 : 404);
        }
      }
    });

    it(`leaves nothing at the paths of ${dialect}, if only others are named`, async () => {
      const others = DIALECTS.filter((other) => other !== dialect).join();
      const nothing = await post('/nowhere');
      for (const path of PATHS[dialect]) {
        const { status, text } = await post(path, { DIALECTS: others });
        expect([status, text], path).toEqual([404, nothing.text]);
      }
    });
  }

  it('has none served, if it says so', async () => {
    const nothing = await post('/nowhere');
    for (const path of Object.values(PATHS).flat()) {
      const { status, text } = await post(path, { DIALECTS: ` ${NO_DIALECTS} ` });
      expect([status, text], path).toEqual([404, nothing.text]);
    }
    for (const list of [`${NO_DIALECTS}, plain`, `plain, ${NO_DIALECTS}`]) {
      expect(await post('/graphql', { DIALECTS: list }), list).toMatchObject({
        status: 503,
        errors: [{ message: expect.stringContaining(`DIALECTS names ${NO_DIALECTS}.`) }],
      });
    }
  });

  it('leaves to others what only begins like a path of theirs', async () => {
    for (const path of [
      '/v10',
      '/apis',
      '/hubs',
      '/clientship',
      '/plainly',
      '/oauth2',
      '/embeddeds',
      '/auth/metadata',
      '/auth/revoked',
    ]) {
      expect(await post(path), path).toMatchObject({ status: 404, errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    }
  });

  it('keeps the Worker from serving when it names one that there is not', async () => {
    for (const path of ['/health', '/graphql', '/api']) {
      const { status, errors } = await post(path, { DIALECTS: 'userdocks, userdoc' });
      expect([status, errors[0].extensions.code], path).toEqual([503, 'MISCONFIGURED']);
      expect(errors[0].message).toContain('userdoc.');
    }
  });
});
