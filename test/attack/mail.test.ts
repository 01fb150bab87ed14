import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { MAX_MAILS_TO_EMAIL, mailLimitTo } from '../../src/directory/access/rate-limits.ts';
import { NOT_TAKEN } from '../../src/directory/mail/outbox.ts';
import {
  isNameForMail,
  MAIL_TEXTS,
  MAX_DIGITS_IN_MAIL,
  MAX_NAME_LENGTH_IN_MAIL,
} from '../../src/directory/mail/texts.ts';
import { setCount } from '../shared/counters.ts';
import { mutate, newKey, newTeamMember, rawId, succeed, unique } from '../shared/fixtures.ts';
import { ask, cron, mailbox } from '../shared/gateway.ts';
import { mailedToken, PASSWORD, step } from '../shared/people.ts';

/** What somebody might call a user whom they have mailed, to have a link or a message of theirs mailed from here. */
const TRICKS = [
  'https://evil.example',
  'evil.example',
  'Go to evil.example now',
  'www.evil',
  'WWW.evil',
  'bob@evil.example',
  'bob@evil',
  'evil\u3002example',
  'evil\uff0eexample',
  'evil\uff61example',
  'evil\u2024example',
  '\uff45\uff56\uff49\uff4c\uff0e\uff45\uff58',
  'bob\uff20evil',
  '192.0.2.1',
  '[2001:db8::1]',
  '2001:db8::1',
  'mailto:bob',
  'javascript:alert()',
  'tel:0900',
  'Call 0900 123 456',
  'Call 0900-12-34-56',
  '\u0660\u0661\u0662\u0663\u0664\u0665',
  'evil/path',
  'evil\\path',
  'localhost:80',
  '<b>Bob</b>',
  '[Bob](evil)',
  '-- Bob',
  'Bob!',
  'Pay now: ask Bob',
  'B'.repeat(MAX_NAME_LENGTH_IN_MAIL + 1),
  `Bob ${'1'.repeat(MAX_DIGITS_IN_MAIL + 1)}`,
];

const REFUSED = [
  'e\u00advil.example',
  '\u202eelpmaxe.live',
  'Bob\u200b',
  'Bob\nYour account is locked',
  'Bob\r\nBcc: all',
  'Bob\u2028Next line',
  'Bob\u2029Next',
  'Bob\tNext',
];

const NAMES = [
  'Olga Owner',
  'José Ñandú',
  "Conor O'Brien-Smith",
  'D\u2019Arcy',
  'Dr. J. Smith',
  'Sammy Davis, Jr.',
  '山田 太郎',
  'Мария Иванова',
  'محمد علي',
  'प्रिया शर्मा',
  'Agent 47',
  'B'.repeat(MAX_NAME_LENGTH_IN_MAIL),
];

const lastMailTo = (email: string) => {
  const mail = mailbox.findLast(({ to }) => to === email);
  if (!mail) throw new Error(`Nothing was mailed to ${email}`);
  return { ...mail, greeting: mail.text.split('\n')[0] };
};

const HELD = { organization: 'The Company', link: 'https://tenantry.test/link' };

describe('a mail', () => {
  it('greets with a name only, and says nothing of what is none', async () => {
    const plain = lastMailTo((await newTeamMember({ name: undefined })).email);
    const withoutLink = (text: string) => text.replace(/#token=\S+/, '');
    for (const name of TRICKS) {
      const { email } = await newTeamMember({ name });
      const mail = lastMailTo(email);
      expect([mail.subject, withoutLink(mail.text)], name).toEqual([plain.subject, withoutLink(plain.text)]);
    }
    for (const name of NAMES) {
      const { email } = await newTeamMember({ name });
      expect(lastMailTo(email).greeting).toBe(`Hello ${name},`);
    }
  });

  it('cannot have a name of several lines, or with what nobody can see, which nobody can be given', async () => {
    for (const name of REFUSED) {
      const input = { email: `${unique('line')}@example.com`, name, roleIdentifier: { name: 'member' } };
      const refused = await mutate('createOrganizationUser', 'user { id }', input);
      expect(refused.issues, name).toMatchObject([{ path: 'name', kind: 'INVALID' }]);
    }
  });

  it('does so with a name that its owner chose, and for a new password', async () => {
    const { email } = await newTeamMember();
    const token = mailedToken(email);
    await step('accept-invitation', { token, password: PASSWORD, name: 'Visit evil.example' });
    await step('request-password-reset', { email });
    expect(lastMailTo(email)).toMatchObject({ greeting: 'Hello,', text: expect.not.stringContaining('evil') });
  });

  it('names the organization by the same rule', async () => {
    const { organization } = (await ask('{ organization { name } }')).data;
    const { email } = await newTeamMember();
    await step('accept-invitation', { token: mailedToken(email), password: PASSWORD });
    for (const name of ['Go to evil.example', 'bob@evil.example', 'evil\u3002example', 'E'.repeat(200)]) {
      await succeed('updateOrganization', 'organization { id }', { name });
      const invitation = lastMailTo((await newTeamMember()).email);
      await env.DB.prepare('DELETE FROM mailed_link').run();
      await step('request-password-reset', { email });
      const reset = lastMailTo(email);
      expect([invitation.subject, reset.subject]).toEqual(['You are invited', 'A new password']);
      for (const { text } of [invitation, reset]) expect(text).not.toContain(name);
      expect(invitation.text).toContain('\nYou are invited. To accept, choose');
      expect(reset.text).toContain('asked for a new password. To choose one');
    }
    await succeed('updateOrganization', 'organization { id }', { name: organization.name });
  });

  it('has no character in a name that a mail program could read as part of an address', () => {
    const taken: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (isNameForMail(`evil${character}example`)) taken.push(character);
    }
    expect(taken.length).toBeGreaterThan(100_000);
    for (const form of ['NFC', 'NFKC'] as const) {
      expect(taken.filter((character) => /[.@:/\\?#]/.test(character.normalize(form)))).toEqual([]);
    }
    expect(taken.filter((character) => /[^\p{L}\p{M}\p{Nd} ,&'\u2019-]/u.test(character))).toEqual([]);
    for (const purpose of ['INVITATION', 'PASSWORD_RESET'] as const) {
      expect(MAIL_TEXTS[purpose]({ ...HELD, name: 'evil.example' }).text).toMatch(/^Hello,\n/);
    }
  });
});

describe('mails that an address has too many of', () => {
  it('keep no others waiting, and are sent when it may get one again', async () => {
    const flooded = [];
    for (let index = 0; index < 25; index += 1) flooded.push(await newTeamMember());
    const owner = await newTeamMember();
    await step('accept-invitation', { token: mailedToken(owner.email), password: PASSWORD });
    const limits = flooded.map(({ email }) => mailLimitTo(email));
    for (const limit of limits) await setCount(limit, MAX_MAILS_TO_EMAIL);
    for (const { id } of flooded) await succeed('inviteUser', 'user { id }', { userIdentifier: { id } });
    mailbox.length = 0;
    await step('request-password-reset', { email: owner.email });
    for (let run = 0; run < 2; run += 1) await cron();
    expect(mailbox.map(({ to }) => to)).toEqual([owner.email]);

    await env.DB.batch([
      env.DB.prepare('DELETE FROM attempt'),
      env.DB.prepare('UPDATE mailed_link SET due_at = due_at - ? WHERE due_at IS NOT NULL').bind(15 * 60 * 1000),
    ]);
    for (let run = 0; run < 2; run += 1) await cron();
    expect(mailbox).toHaveLength(1 + flooded.length);
  });
});

describe('what a mail service answers', () => {
  const SAID = 'Rejected bob@evil.example\n    at bob@evil.example: see https://evil.example/why?token=secret';
  const failing = (error: unknown) => ({
    EMAIL: {
      send: async () => {
        throw error;
      },
    } as unknown as SendEmail,
  });
  const withCode = (code: unknown, name = 'Error') => Object.assign(new Error(SAID), { code, name });

  it('is shown to nobody who reads invitations, and its code alone is logged', async () => {
    const reader = (await newKey({ permissions: ['user:read'], access: 'READ' })).secret;
    const cases: [unknown, Record<string, string | undefined>][] = [
      [withCode('E_SENDER_NOT_VERIFIED'), { name: 'Error', code: 'E_SENDER_NOT_VERIFIED' }],
      [withCode(undefined, 'QuotaError'), { name: 'QuotaError', code: undefined }],
      [withCode('bob@evil.example said no', 'bob@evil.example'), { name: 'Error', code: undefined }],
      [withCode({ bob: 'evil.example' }), { name: 'Error', code: undefined }],
      [SAID, { name: 'Error', code: undefined }],
    ];
    for (const [error, logged] of cases) {
      const user = await newTeamMember({ email: `${unique('unreached')}@x.example` });
      await env.DB.prepare('UPDATE mailed_link SET due_at = 1, sent_at = NULL WHERE user_id = ?')
        .bind(rawId(user.id))
        .run();
      const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      await cron(failing(error));
      const lines = log.mock.calls.map(([line]) => String(line));
      log.mockRestore();
      const { data, text } = await ask(
        'query($id: ID!) { user(id: $id) { invitation { sentAt lastError } } }',
        { id: user.id },
        reader,
      );
      expect(data?.user.invitation, text).toEqual({ sentAt: null, lastError: NOT_TAKEN });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toMatch(/evil|bob|secret/);
      const { name, code, message } = JSON.parse(lines[0] ?? '');
      expect({ name, code, message }).toEqual({ ...logged, message: 'withheld' });
      const { results } = await env.DB.prepare('SELECT * FROM mailed_link').all();
      expect(JSON.stringify(results)).not.toMatch(/evil/);
    }
  });

  it('is no reason to keep from them what the deployment lacks', async () => {
    const user = await newTeamMember();
    for (const missing of [{ MAIL_FROM: '' }, { PUBLIC_URL: '' }]) {
      await env.DB.batch([
        env.DB.prepare('UPDATE mailed_link SET due_at = 1 WHERE user_id = ?').bind(rawId(user.id)),
        env.DB.prepare('DELETE FROM attempt'),
      ]);
      await cron(missing);
      const { data } = await ask('query($id: ID!) { user(id: $id) { invitation { lastError } } }', { id: user.id });
      expect(data.user.invitation.lastError).toMatch(new RegExp(`^No mail can be sent: .*${Object.keys(missing)[0]}`));
    }
  });
});
