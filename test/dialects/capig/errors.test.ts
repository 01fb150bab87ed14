import { env } from 'cloudflare:workers';
import { getOperationAST, parse } from 'graphql';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { schema } from '../../../src/dialects/capig/schema.ts';
import { costOf } from '../../../src/http/graphql/cost.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { allBut, newKey, newTeamMember, newTenant, newTenantUser, rawId } from '../../shared/fixtures.ts';
import { ROOT_KEY } from '../../shared/gateway.ts';
import { enter } from '../../shared/people.ts';
import { CONDITIONS, type Refused } from './conditions.ts';
import { advertiser, askToken, CHANGE, CREATE, clientOf, email, hub, type Json, none, TENANT, UPDATE } from './hub.ts';

beforeAll(countChanges);

describe('what is refused', () => {
  let world: Refused;
  beforeAll(async () => {
    const tenant = await newTenant();
    const [admin, joined, waiting] = [
      await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }),
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
    ];
    await enter(joined);
    world = { tenant, admin, joined, waiting, member: await newTeamMember(), key: await newKey() };
  });

  for (const [what, document, variables, status, code, key] of CONDITIONS) {
    it(`${what} is ${status}, and changes nothing`, async () => {
      const token = key ? await key() : ROOT_KEY;
      const before = await changes();
      const answer = await hub(document, variables(world), token);
      expect(answer.status, answer.text).toBe(status);
      expect(answer.data).toBeNull();
      for (const { message, extensions } of answer.errors) {
        expect(extensions).toMatchObject({ code, status });
        expect(message).toMatch(status === 401 ? /^Not authorized: / : /./);
      }
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(await changes()).toBe(before);
    });
  }

  it('in part is refused as a whole', async () => {
    const { secret } = await newKey({ permissions: allBut('tenant:read') });
    const document = `mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) {
      user { roles { tenantName } } } } }`;
    const input = { email: email(), roleName: advertiser('view', world.tenant) };
    const lacking = await hub(document, { input }, secret);
    expect([lacking.status, lacking.data]).toEqual([401, null]);
  });

  it('and fails on our side says nothing of why, and is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (message: string) => {
      const batch = () => Promise.reject(new Error(message));
      return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
    };
    const failures = { 'no such column: secret_column: SQLITE_ERROR': 500, 'D1 DB is overloaded.': 503 };
    for (const [message, status] of Object.entries(failures)) {
      const form = new URLSearchParams(clientOf(world.key.id, world.key.secret));
      for (const asking of [
        () => hub(TENANT, { tenantId: none }, ROOT_KEY, broken(message)),
        () => hub(UPDATE, { input: { tenantId: none } }, ROOT_KEY, broken(message)),
        () => askToken(form, broken(message)),
      ]) {
        const answer = await asking();
        expect([answer.status, answer.data, answer.errors[0].extensions.status]).toEqual([status, null, status]);
        expect(answer.text).not.toContain('secret_column');
        expect(log.mock.calls.at(-1)?.[0]).toContain(answer.headers.get('x-request-id'));
      }
    }
    log.mockRestore();
  });

  it('names the input as the document does', async () => {
    const issuesOf = async (document: string, input: Json) =>
      (await hub(document, { input })).errors[0].extensions.issues.map(({ path }: { path: string }) => path);
    const userId = rawId(world.member.id);
    expect(await issuesOf(CHANGE, { userId, roleToRevoke: 'agency-view' })).toEqual(['roleToRevoke']);
    expect(await issuesOf(CHANGE, { userId })).toEqual(['roleToAdd']);
    expect(await issuesOf(CREATE, { name: 'x', canPartnerManage: false, eventEnrichment: true })).toEqual([
      'adminEmail',
    ]);
    expect(await issuesOf(UPDATE, { tenantId: none, status: 9 })).toEqual(['status']);
  });

  it('is too dear by as many mutations as at /graphql, wherever they stand', async () => {
    const costOfSome = (count: number): number => {
      const fields = Array.from({ length: count }, (_, index) => `m${index}: deleteTenant(tenantId: "${none}")`);
      const document = parse(`mutation { tenantMutations { ${fields.join(' ')} } }`);
      const operation = getOperationAST(document);
      return operation ? costOf(schema, document, operation, { variables: new Map() }).cost : 0;
    };
    expect([costOfSome(1), costOfSome(20)]).toEqual([101, 2001]);
  });
});
