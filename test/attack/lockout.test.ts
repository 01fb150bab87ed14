import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import {
  MAX_BY_ADDRESS,
  MAX_BY_EMAIL,
  MAX_BY_EMAIL_AND_ADDRESS,
  MAX_BY_EMAIL_AND_REGION,
  MAX_RESETS_BY_EMAIL,
  MAX_RESETS_BY_EMAIL_AND_ADDRESS,
  MAX_RESETS_BY_EMAIL_AND_REGION,
  signInLimits,
} from '../../src/directory/access/rate-limits.ts';
import { FRESH_MILLISECONDS } from '../../src/directory/mail/mailed-links.ts';
import { derive } from '../../src/directory/sign-in/scrypt.ts';
import { MAX_SESSIONS_OF_USER } from '../../src/directory/sign-in/sessions.ts';
import { arrive, newScene } from '../directory/trusted-issuers/scene.ts';
import { newTeamMember, rawId, succeed, unique } from '../shared/fixtures.ts';
import { ask, cron, mailbox } from '../shared/gateway.ts';
import { enter, join, mailedToken, PASSWORD, sessionOf, signIn, step, TOKENS } from '../shared/people.ts';
import { sized } from './size.ts';

const WRONG = 'not the password, really';
const ANOTHER = 'another fine password';

let networks = 0;
/** A network that nobody has used yet. */
const newNetwork = () => ({ 'cf-connecting-ip': `2001:db8:${(++networks).toString(16)}::1` });
type Network = ReturnType<typeof newNetwork> | Record<string, never>;
/** Where requests come from whose network is not known. */
const NOWHERE: Network = {};

const COST = { ln: 4, r: 8, p: 1 };
const SALT = Buffer.from('0123456789abcdef');
const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
const CHEAP_HASH = `$scrypt$ln=4,r=8,p=1$${base64(SALT)}$${base64(await derive(PASSWORD, SALT, COST))}`;

/** A user with a password that is cheap to guess at, because there is much guessing here. */
async function newOwner() {
  const user = await newTeamMember({ email: `${unique('owner')}@x.example` });
  await enter(user);
  await env.DB.prepare('UPDATE password SET hash = ? WHERE user_id = ?').bind(CHEAP_HASH, rawId(user.id)).run();
  return user;
}

const guess = (email: string, from: Network, password = WRONG) => step('sign-in', { email, password }, from);
const request = (email: string, from: Network) => step('request-password-reset', { email }, from);
const reset = (token: string, password = ANOTHER) => step('reset-password', { token, password });

const statusesOf = async (count: number, act: () => Promise<{ status: number }>) => {
  const statuses: number[] = [];
  for (let done = 0; done < count; done += 1) statuses.push((await act()).status);
  return statuses;
};

/** The attempts for an e-mail address are as many as many networks together may make. */
const exhaust = (email: string) =>
  env.DB.prepare('UPDATE attempt SET count = ? WHERE key = ?')
    .bind(MAX_BY_EMAIL, signInLimits(email, null).at(-1)?.key)
    .run();

describe('a stranger who guesses a password', () => {
  it('is stopped, keeps out nobody else however long it goes on, and is not let in by what others do', async () => {
    const { email } = await newOwner();
    for (const stranger of [newNetwork(), NOWHERE]) {
      const more = MAX_BY_EMAIL + sized(100);
      expect(await statusesOf(MAX_BY_EMAIL_AND_ADDRESS + more, () => guess(email, stranger))).toEqual([
        ...Array(MAX_BY_EMAIL_AND_ADDRESS).fill(401),
        ...Array(more).fill(429),
      ]);
      const owner = newNetwork();
      expect((await guess(email, owner)).status).toBe(401);
      expect((await guess(email, owner, PASSWORD)).status).toBe(200);
      const stopped = await guess(email, stranger, PASSWORD);
      expect(stopped.status).toBe(429);
      expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('does not use up a network for those who share it, by going on about one address', async () => {
    const [{ email }, other] = [await newOwner(), await newOwner()];
    const shared = newNetwork();
    await statusesOf(MAX_BY_EMAIL_AND_ADDRESS + MAX_BY_ADDRESS, () => guess(email, shared));
    expect((await guess(other.email, shared, PASSWORD)).status).toBe(200);
  });

  it('keeps out nobody else either with all the networks that a provider gives to one customer', async () => {
    const { email, id } = await newOwner();
    for (const prefix of ['2001:db8:aaaa', '198.51.100']) {
      const networks = Array.from({ length: 30 }, (_, index) => ({
        'cf-connecting-ip': prefix.includes(':') ? `${prefix}:${index.toString(16)}::1` : `${prefix}.${index}`,
      }));
      const guesses = [];
      const requests = [];
      for (const network of networks) {
        guesses.push(...(await statusesOf(5, () => guess(email, network))));
        requests.push((await request(email, network)).status);
      }
      expect(guesses.filter((status) => status === 401)).toHaveLength(MAX_BY_EMAIL_AND_REGION);
      expect(requests.filter((status) => status === 202)).toHaveLength(MAX_RESETS_BY_EMAIL_AND_REGION);
      expect((await guess(email, newNetwork(), PASSWORD)).status, id).toBe(200);
      expect((await request(email, newNetwork())).status).toBe(202);
    }
  });

  it('gains nothing by a right password elsewhere: it clears the attempts of its own network only', async () => {
    const { email } = await newOwner();
    const [one, other] = [newNetwork(), newNetwork()];
    for (const network of [one, other]) {
      await statusesOf(MAX_BY_EMAIL_AND_ADDRESS - 1, () => guess(email, network));
    }
    expect((await guess(email, one, PASSWORD)).status).toBe(200);
    expect(await statusesOf(2, () => guess(email, one))).toEqual([401, 401]);
    expect(await statusesOf(2, () => guess(email, other))).toEqual([401, 429]);
    const { results } = await env.DB.prepare('SELECT count FROM attempt WHERE key = ?')
      .bind(signInLimits(email, null).at(-1)?.key)
      .all();
    expect(results, 'the attempts from wherever stay').toEqual([{ count: 2 * (MAX_BY_EMAIL_AND_ADDRESS - 1) + 3 }]);
  });

  it('locks an address from many networks at once, known or not, until its owner has a new password', async () => {
    const { email } = await newOwner();
    const home = newNetwork();
    await statusesOf(MAX_BY_EMAIL_AND_ADDRESS, () => guess(email, home));
    const nobody = `${unique('nobody')}@x.example`;
    await guess(nobody, newNetwork());
    await Promise.all([email, nobody].map(exhaust));
    const [known, unknown] = [await guess(email, newNetwork(), PASSWORD), await guess(nobody, newNetwork(), PASSWORD)];
    expect([known.status, known.calls]).toEqual([429, unknown.calls]);
    expect(known.text.replace(/\d+/, 'n')).toBe(unknown.text.replace(/\d+/, 'n'));
    await request(email, newNetwork());
    expect((await reset(mailedToken(email))).status).toBe(200);
    for (const from of [home, newNetwork(), NOWHERE]) expect((await guess(email, from, ANOTHER)).status).toBe(200);
  });

  it('does not keep out somebody who was invited', async () => {
    const user = await newTeamMember();
    await guess(user.email, NOWHERE);
    await exhaust(user.email);
    await join(user);
    expect((await guess(user.email, NOWHERE, PASSWORD)).status).toBe(200);
  });
});

describe('a stranger who asks for new passwords', () => {
  it('is stopped, and others go on; many networks together are stopped, too', async () => {
    const { email } = await newOwner();
    const answers: string[][] = [];
    for (const asked of [email, `${unique('nobody')}@x.example`]) {
      const seen: string[] = [];
      const ask = async (from: Network) => {
        const { status, text, calls } = await request(asked, from);
        seen.push(`${status} ${calls} ${text.replace(/\d+/, 'n')}`);
        return { status };
      };
      const stranger = newNetwork();
      const accepted = Array(MAX_RESETS_BY_EMAIL_AND_ADDRESS).fill(202);
      const more = MAX_RESETS_BY_EMAIL + sized(50);
      expect(await statusesOf(MAX_RESETS_BY_EMAIL_AND_ADDRESS + more, () => ask(stranger))).toEqual([
        ...accepted,
        ...Array(more).fill(429),
      ]);
      for (let left = MAX_RESETS_BY_EMAIL - accepted.length; left > 0; left -= accepted.length) {
        const another = newNetwork();
        expect(await statusesOf(accepted.length, () => ask(another))).toEqual(accepted);
      }
      expect((await ask(newNetwork())).status).toBe(429);
      answers.push(seen);
    }
    expect(answers[0], 'no answer tells whether somebody has the address').toEqual(answers[1]);
    expect(mailbox.filter(({ to }) => to === email)).toHaveLength(3);
  });
});

const MINUTE = 60_000;

/** Lets time pass for a user's links, and for all limits. */
const pass = (userId: string, minutes: number) =>
  env.DB.batch([
    env.DB.prepare(
      `UPDATE mailed_link SET created_at = created_at - ?1, expires_at = expires_at - ?1, due_at = due_at - ?1,
        earlier_expires_at = earlier_expires_at - ?1 WHERE user_id = ?2`,
    ).bind(minutes * MINUTE, rawId(userId)),
    env.DB.prepare('UPDATE attempt SET since = since - ?').bind(minutes * MINUTE),
  ]);

/** Whether a link is good, without using it: only who has one learns that a password is made of the e-mail address. */
async function isGood(token: string, email: string): Promise<boolean> {
  const { status } = await step('reset-password', { token, password: email }, newNetwork());
  expect([400, 401]).toContain(status);
  return status === 400;
}

const DOWN = {
  EMAIL: {
    send: async () => {
      throw new Error('down');
    },
  } as unknown as SendEmail,
};

/** Numbers below 1 that are the same for the same seed. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a link to a new password', () => {
  it('that is fresh stays good beside a newer one, and a third is not mailed', async () => {
    const { id, email } = await newOwner();
    const mails = () => mailbox.filter(({ to }) => to === email).length;
    const before = mails();
    await request(email, newNetwork());
    const first = mailedToken(email);
    await request(email, newNetwork());
    const second = mailedToken(email);
    for (let count = 0; count < 3; count += 1) {
      const { status, text } = await request(email, newNetwork());
      expect([status, text]).toEqual([202, '{}']);
    }
    expect(mails() - before).toBe(2);
    expect([await isGood(first, email), await isGood(second, email)]).toEqual([true, true]);
    await pass(id, FRESH_MILLISECONDS / MINUTE);
    expect([await isGood(first, email), await isGood(second, email)]).toEqual([true, true]);
    await request(email, newNetwork());
    const third = mailedToken(email);
    expect(await Promise.all([first, second, third].map((token) => isGood(token, email)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('ends with the other one: by a password that is set, another address, and a user who is gone', async () => {
    const ends = {
      'the last one is used': async (_: string, tokens: string[]) => reset(tokens[1] ?? ''),
      'the earlier one is used': async (_: string, tokens: string[]) => reset(tokens[0] ?? ''),
      'another address': (id: string) =>
        succeed('updateUser', 'user { id }', { id, email: `${unique('m')}@x.example` }),
      deactivated: (id: string) => succeed('updateUser', 'user { id }', { id, status: 'DEACTIVATED' }),
      deleted: (id: string) => succeed('deleteUser', 'user { id }', { id }),
      expired: (id: string) => pass(id, 60),
    };
    for (const [what, end] of Object.entries(ends)) {
      const { id, email } = await newOwner();
      const tokens: string[] = [];
      for (let count = 0; count < 2; count += 1) {
        await request(email, newNetwork());
        tokens.push(mailedToken(email));
      }
      await end(id, tokens);
      for (const token of tokens) expect((await reset(token)).status, what).toBe(401);
    }
  });

  it('is good for one of those who use both at once', async () => {
    const { email } = await newOwner();
    await request(email, newNetwork());
    const first = mailedToken(email);
    await request(email, newNetwork());
    const answers = await Promise.all([first, mailedToken(email)].map((token) => reset(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it('is kept by its owner through whatever strangers ask and mail servers fail', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (let seed = 1; seed <= sized(20); seed += 1) {
      const { id, email } = await newOwner();
      const next = numbersFrom(seed);
      let now = 0;
      const mails: { token: string; at: number }[] = [];
      for (let turn = 0; turn < 12; turn += 1) {
        const minutes = Math.floor(next() * next() * 40);
        await pass(id, minutes);
        now += minutes;
        const overrides = next() < 0.3 ? DOWN : {};
        const sent = mailbox.length;
        if (next() < 0.2) await cron(overrides);
        else await step('request-password-reset', { email }, newNetwork(), overrides);
        for (const { to } of mailbox.slice(sent)) if (to === email) mails.push({ token: mailedToken(email), at: now });

        const good = await Promise.all(mails.map(({ token }) => isGood(token, email)));
        const places = `seed ${seed}, turn ${turn}: ${JSON.stringify(mails.map(({ at }, place) => [at, good[place]]))}`;
        expect(good.filter(Boolean).length, places).toBeLessThanOrEqual(2);
        for (const [place, { at }] of mails.entries()) {
          if (now - at < FRESH_MILLISECONDS / MINUTE) expect(good[place], places).toBe(true);
          if (now - at >= 60) expect(good[place], places).toBe(false);
        }
        const recent = mails.filter(({ at }) => now - at < FRESH_MILLISECONDS / MINUTE);
        expect(recent.length, places).toBeLessThanOrEqual(2);
      }
    }
    log.mockRestore();
  });
});

describe('sessions of one user', () => {
  const ended = async (userId: string) => {
    const document =
      'query($id: ID!) { events(first: 100, filter: { subjectId: $id }) { nodes { type actor { type id } after } } }';
    const { data } = await ask(document, { id: userId });
    return data.events.nodes.filter(({ type }: { type: string }) => type === 'session.ended');
  };
  const live = async (userId: string) =>
    (await ask('query($id: ID!) { sessions(userId: $id) { totalCount } }', { id: userId })).data.sessions.totalCount;

  it.each([
    [
      'a password',
      async () => {
        const { id, email } = await newOwner();
        return { id, open: async () => (await signIn(email)).accessToken as string };
      },
    ],
    [
      'the token of a trusted issuer',
      async () => {
        const { claims } = await newScene();
        const { userId } = await arrive(claims);
        await env.DB.prepare('DELETE FROM session WHERE user_id = ?').bind(rawId(userId)).run();
        return { id: userId as string, open: async () => (await arrive(claims)).accessToken as string };
      },
    ],
  ])('are bounded when they are opened by %s: the oldest ends, and the feed says so', async (_, newUser) => {
    const { id, open } = await newUser();
    const expired = await sessionOf(id);
    await env.DB.prepare('UPDATE session SET expires_at = 1 WHERE id = ?').bind(expired.sessionId).run();
    const grants = [];
    for (let count = 0; count < MAX_SESSIONS_OF_USER - 1; count += 1) grants.push(await sessionOf(id));
    const tokens = await Promise.all(grants.map((grant) => TOKENS.issue(grant)));
    const statusOf = async (token: string | undefined) => (await ask('{ viewer { type } }', {}, token)).status;

    const first = await open();
    expect([await live(id), await ended(id)]).toEqual([MAX_SESSIONS_OF_USER, []]);
    const second = await open();
    expect(await live(id)).toBe(MAX_SESSIONS_OF_USER);
    expect(await Promise.all([tokens[0], tokens[1], first, second].map(statusOf))).toEqual([401, 200, 200, 200]);
    const [{ actor, after }, ...more] = await ended(id);
    expect([actor, JSON.stringify(after), more]).toEqual([
      { type: 'USER', id },
      expect.stringContaining('TOO_MANY_SESSIONS'),
      [],
    ]);
    expect(JSON.stringify(after)).toContain(grants[0]?.sessionId);
  });
});
