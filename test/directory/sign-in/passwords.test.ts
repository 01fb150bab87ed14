import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { MAX_CHANGES_BY_USER } from '../../../src/directory/access/rate-limits.ts';
import {
  assign,
  eventsAbout,
  mutate,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { enter, mailedToken, PASSWORD, signIn, step, tokenOf } from '../../shared/people.ts';
import { arrive, newScene } from '../trusted-issuers/scene.ts';

const ME = '{ viewer { user { id } } }';
const ANOTHER = 'another fine password';

const change = (accessToken: string, currentPassword: unknown, newPassword: unknown, overrides = {}) =>
  step('change-password', { currentPassword, newPassword }, { authorization: `Bearer ${accessToken}` }, overrides);

async function newSignedIn() {
  const user = await newTeamMember({ roleIdentifier: { name: 'viewer' } });
  await enter(user);
  return { user, ...(await signIn(user.email)) };
}

/** What is wrong with the input, by the answer. */
function issuesOf({ status, body }: Awaited<ReturnType<typeof step>>): string[] {
  expect(status).toBe(400);
  return body.errors[0].extensions.issues.map(({ path, message }: Result) => `${path} ${message}`);
}

const SHORT = 'must have at least 12 characters';
const LONG = 'must have at most 1024 bytes';
const BLANK = 'must not be white space only';
const COMMON = 'is one of the commonest: choose another';
const BROKEN = 'must not contain broken Unicode';
const OWN = 'must not be made of your e-mail address';

/** What no password may be, and why. */
const REFUSED: [password: unknown, ...problems: string[]][] = [
  [undefined, 'is required'],
  [null, 'is required'],
  [123_456_789_012, 'must be a string'],
  ['elevenchars', SHORT],
  ['', SHORT, BLANK],
  ['\u{1f511}'.repeat(11), SHORT],
  ['e\u0301'.repeat(11), SHORT],
  [' '.repeat(12), BLANK],
  ['\t\n\r\v\f \u00a0\u2003\u3000\u2028\u0085\ufeff', BLANK],
  ['\u200b'.repeat(20), BLANK],
  ['\u3164'.repeat(12), BLANK],
  ['\u2800'.repeat(12), BLANK],
  ['\u0000'.repeat(12), BLANK],
  ['x'.repeat(1025), LONG],
  ['\u00e9'.repeat(513), LONG],
  ['\u{1f511}'.repeat(257), LONG],
  [' '.repeat(1025), LONG, BLANK],
  ['twelve chars\ud800', BROKEN],
  ['Password1234', COMMON],
  ['ferdinand.magellan@X.example', OWN],
  ['Ferdinand.Magellan12', OWN],
];

/** What a password may be, to the first and the last byte. */
const TAKEN: string[] = [
  'twelve chars',
  ' '.repeat(11).concat('x'),
  '\u{1f511}'.repeat(12),
  'half a word\u0000and its other half',
  'x'.repeat(1023).concat('y'),
  '\u{1f511}'.repeat(256),
];

describe('a password', () => {
  it('has 12 characters to 1,024 bytes, not white space only, and is neither common nor the e-mail address', async () => {
    const user = await newTeamMember({ email: 'ferdinand.magellan@x.example' });
    const token = mailedToken(user.email);
    for (const [password, ...problems] of REFUSED) {
      const answer = await step('accept-invitation', { token, password });
      expect(issuesOf(answer), JSON.stringify(password)).toEqual(problems.map((problem) => `password ${problem}`));
    }
    expect((await step('accept-invitation', { token, password: PASSWORD })).status).toBe(200);
  });

  it('is taken whole: to the last byte, with white space and whatever else stands in it', async () => {
    const { accessToken } = await newSignedIn();
    let before = PASSWORD;
    for (const password of TAKEN) {
      expect((await change(accessToken, before, password)).status, JSON.stringify(password)).toBe(200);
      const cut = [...password].slice(0, -1).join('');
      expect(issuesOf(await change(accessToken, cut, ANOTHER))).toEqual(['currentPassword is not your password']);
      before = password;
    }
  });
});

describe('changing the password', () => {
  it('takes the present one, and ends all other sessions and a link that was mailed, for whoever is signed in', async () => {
    const { user, accessToken, refreshToken } = await newSignedIn();
    const other = await signIn(user.email);
    await step('request-password-reset', { email: user.email });
    await ask(ME, {}, accessToken);
    const changed = await change(accessToken, PASSWORD, ANOTHER);
    expect([changed.status, changed.calls]).toEqual([200, 2]);
    expect(changed.body.user).toMatchObject({ id: user.id, status: 'ACTIVE' });
    expect([(await ask(ME, {}, accessToken)).status, (await step('refresh', { refreshToken })).status]).toEqual([
      200, 200,
    ]);
    expect((await ask(ME, {}, other.accessToken)).status).toBe(401);
    expect((await step('refresh', { refreshToken: other.refreshToken })).status).toBe(401);
    const link = { token: mailedToken(user.email), password: 'a third fine password' };
    expect((await step('reset-password', link)).status).toBe(401);
    expect((await step('sign-in', { email: user.email, password: PASSWORD })).status).toBe(401);
    await signIn(user.email, { password: ANOTHER });
    const { data } = await ask(
      'query($id: ID!) { events(filter: { subjectId: $id, types: ["user.passwordChanged", "session.ended"] }) { nodes { type actor { id } before after } } }',
      { id: user.id },
    );
    expect(data.events.nodes).toEqual([
      { type: 'user.passwordChanged', actor: { id: user.id }, before: null, after: null },
      {
        type: 'session.ended',
        actor: { id: user.id },
        before: null,
        after: expect.objectContaining({ reason: 'PASSWORD_CHANGED' }),
      },
    ]);
  });

  it('says what is wrong, and changes nothing', async () => {
    const { user, accessToken } = await newSignedIn();
    const other = await signIn(user.email);
    const wrong: [unknown, unknown, string[]][] = [
      ['not the password, really', ANOTHER, ['currentPassword is not your password']],
      [`${PASSWORD} `, ANOTHER, ['currentPassword is not your password']],
      [undefined, undefined, ['currentPassword is required', 'newPassword is required']],
      [PASSWORD, 'short', [`newPassword ${SHORT}`]],
      [PASSWORD, user.email, [`newPassword ${OWN}`]],
      ['x'.repeat(5000), ANOTHER, ['currentPassword is too long']],
    ];
    for (const [present, next, issues] of wrong) {
      expect(issuesOf(await change(accessToken, present, next))).toEqual(issues);
    }
    expect((await ask(ME, {}, other.accessToken)).status).toBe(200);
    expect(await eventsAbout(user.id)).not.toContain('user.passwordChanged');
    await signIn(user.email);
  });

  it('is for users who are signed in and have a password, and for no key', async () => {
    const { user, accessToken } = await newSignedIn();
    const codeAs = async (token: string) => {
      const { status, body } = await change(token, PASSWORD, ANOTHER);
      return [status, body.errors[0].extensions.code];
    };
    expect(await codeAs('nobody')).toEqual([401, 'UNAUTHENTICATED']);
    expect(await codeAs(ROOT_KEY)).toEqual([403, 'FORBIDDEN']);
    expect(await codeAs((await newKey()).secret)).toEqual([403, 'FORBIDDEN']);
    const { claims } = await newScene();
    expect(await codeAs((await arrive(claims)).accessToken)).toEqual([403, 'FORBIDDEN']);
    await succeed('deleteUser', 'user { id }', { id: user.id });
    expect(await codeAs(accessToken)).toEqual([401, 'UNAUTHENTICATED']);
    const asked = await send(new Request(`${PUBLIC_URL}/auth/change-password`));
    expect(asked.status).toBe(401);
  });

  it(`tries the present one ${MAX_CHANGES_BY_USER} times in 15 minutes at most`, async () => {
    const { user, accessToken } = await newSignedIn();
    await change(accessToken, 'not the password, really', ANOTHER);
    await env.DB.prepare('UPDATE attempt SET count = ?').bind(MAX_CHANGES_BY_USER).run();
    const refused = await change(accessToken, PASSWORD, ANOTHER);
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([429, 'TOO_MANY_REQUESTS']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
    expect((await ask(ME, {}, accessToken)).data.viewer.user).toEqual({ id: user.id });
  });
});

describe('a signed-in person', () => {
  const update = (input: Variables, token?: string) =>
    mutate('updateViewer', 'user { id name avatarUrl version defaultTenant { id } }', input, token);

  it('changes the own name, picture and default tenant, without any permission', async () => {
    const nothing = await newRole({ scope: 'ORGANIZATION', permissions: [] });
    const user = await newTeamMember({ roleIdentifier: { id: nothing.id } });
    const [tenant, elsewhere] = [await newTenant(), await newTenant()];
    await assign(user.id, tenant.id, 'view');
    const [own, there] = [await tokenOf(user.id), await tokenOf(user.id, tenant.id)];
    const name = unique('Nora');
    const avatarUrl = 'https://x.example/nora.png';
    const input = { name, avatarUrl, defaultTenantIdentifier: { externalId: tenant.externalId }, expectedVersion: 1 };
    expect((await mutate('updateViewer', 'user { name avatarUrl version }', input, own)).user).toEqual({
      name,
      avatarUrl,
      version: 2,
    });
    expect((await update({}, there)).user).toMatchObject({ id: user.id, version: 2, defaultTenant: { id: tenant.id } });
    expect(await update({ name: 'X', defaultTenantIdentifier: { id: elsewhere.id } }, own)).toMatchObject({
      code: 'not_found',
      references: [{ path: 'defaultTenantIdentifier.id' }],
    });
    expect((await update({ name: null, defaultTenantIdentifier: null }, there)).user).toMatchObject({
      name: null,
      avatarUrl,
      version: 3,
      defaultTenant: null,
    });
    expect((await eventsAbout(user.id)).filter((type) => type === 'user.updated')).toHaveLength(2);
    expect((await update({ name: 'X' })).code).toBe('not_signed_in');
    expect((await update({ name: 'X' }, (await newKey()).secret)).code).toBe('not_signed_in');
  });
});
