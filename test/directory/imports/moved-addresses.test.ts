import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { newCustomerUser, newTeamMember, type Result, rawId, succeed, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { enter, tokenOf } from '../../shared/people.ts';
import { imported, outcomes } from './imported.ts';

describe('a user whose address goes to another in the same import', () => {
  /** What people hold who could sign in, and how they are. */
  const standing = async ({ id }: Result) => {
    const { results } = await env.DB.prepare(
      `SELECT status, version,
        (SELECT count(*) FROM password WHERE user_id = user.id) AS passwords,
        (SELECT count(*) FROM session WHERE user_id = user.id) AS sessions,
        (SELECT json_group_array(purpose || ' ' || (due_at = updated_at) || (token_hash IS NULL)) FROM mailed_link
          WHERE user_id = user.id) AS links
       FROM user WHERE id = ?`,
    )
      .bind(rawId(id))
      .all();
    return results[0];
  };
  const customer = async () => (await succeed('createCustomer', 'customer { id }', { name: unique('C') })).customer;

  /** Who they are before, and what the row says beside the address. */
  const CASES: [what: string, isIn: boolean, isOff: boolean, more: Variables][] = [
    ['who has accepted', true, false, {}],
    ['who has not', false, false, {}],
    ['who is deactivated', true, true, {}],
    ['who is reactivated by the row', true, true, { status: 'ACTIVE' }],
    ['who is deactivated by the row', true, false, { status: 'DEACTIVATED' }],
    ['who is said to be ACTIVE', false, false, { status: 'ACTIVE' }],
  ];

  it.each(CASES)('%s, loses the password and sessions once, as for a free address', async (_, isIn, isOff, more) => {
    const { id: customerId } = await customer();
    const person = async () => {
      const user = await newCustomerUser(customerId, { externalId: unique('u') });
      if (isIn) {
        await enter(user);
        await tokenOf(user.id);
      }
      if (isOff) await succeed('updateUser', 'user { id }', { id: user.id, status: 'DEACTIVATED' });
      return user;
    };
    const [swapped, other, alone] = [await person(), await person(), await person()];
    const bystander = await newTeamMember({ externalId: unique('u') });
    await enter(bystander);
    await tokenOf(bystander.id);
    const { rows } = await imported('Users', [
      { externalId: swapped.externalId, email: other.email, ...more },
      { externalId: other.externalId, email: swapped.email, phone: '1' },
      { externalId: alone.externalId, email: `${unique('free')}@x.example`, ...more },
      { externalId: bystander.externalId, email: bystander.email.toUpperCase(), phone: '2' },
    ]);
    expect(new Set(outcomes(rows)), JSON.stringify(rows)).toEqual(new Set(['UPDATED']));
    expect(await standing(swapped)).toEqual(await standing(alone));
    expect(await standing(swapped)).toMatchObject({ passwords: 0, sessions: 0 });
    expect(await standing(bystander)).toMatchObject({ passwords: 1, sessions: 1, status: 'ACTIVE' });
  });
});
