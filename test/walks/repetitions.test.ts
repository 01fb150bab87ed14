import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { capig } from '../dialects/capig/table.ts';
import { plain } from '../dialects/plain/table.ts';
import { prismatic } from '../dialects/prismatic/table.ts';
import { userdocks } from '../dialects/userdocks/table.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { newKey, unique } from '../shared/fixtures.ts';
import { ask, graphqlRequest, send, under } from '../shared/gateway.ts';
import { rememberAll, rewind } from '../shared/rewind.ts';
import { MUTATIONS } from './mutations.ts';
import { asker, newOperationWorld, type OperationWorld } from './operations.ts';

const DIALECT_TABLES = [plain, prismatic, capig, userdocks];

let world: OperationWorld;
beforeAll(async () => {
  world = await newOperationWorld();
  for (const { prepare } of DIALECT_TABLES) await prepare?.(world);
  await rememberAll();
  await countChanges();
});
beforeEach(() => rewind().run());

/** What is shown once, and how long a token lasts from now on. */
const SHOWN_ONCE = ['secret', 'accessToken', 'invitationLink', 'sendInvitation'];

/** They end the session that a user asks with. */
const ENDING = ['signOut', 'revokeSession'];

/** They remove a record for good, whatever their input says. */
const GONE = [
  'deletePermission',
  'removePixel',
  'removePipeline',
  'deleteRole',
  'deleteTrustedIssuer',
  'deleteWebhook',
  'revokeSession',
];

/** The answer of a repetition to which this was the first. */
const withoutSecrets = (data: unknown): unknown =>
  JSON.parse(JSON.stringify(data), (name, value) => {
    if (SHOWN_ONCE.includes(name)) return null;
    return name === 'expiresIn' ? undefined : value;
  });

describe('a repetition under the same key, of', () => {
  for (const [index, mutation] of MUTATIONS.entries()) {
    const { name, document } = mutation;
    it(`${name} (${index}) answers the same and changes nothing, and nobody else's request has the key`, async () => {
      const { secret, input } = await asker(mutation, world, PERMISSIONS);
      await ask('{ viewer { type } }', {}, secret);
      const before = await changes();
      const key = unique('key');
      const first = await send(under(graphqlRequest(document, input, secret), key));
      expect(first.data[name].__typename, first.text).toMatch(/Payload$/);
      expect(first.errors).toEqual([]);
      const after = await changes();
      expect(after).toBeGreaterThan(before);

      const other = await send(under(graphqlRequest(`${document} `, input, secret), key));
      const again = await send(under(graphqlRequest(document, input, secret), key));
      expect(await changes()).toBe(after);
      if (mutation.as === 'user' && ENDING.includes(name))
        return expect([other.status, again.status]).toEqual([401, 401]);

      expect([other.status, other.errors[0].extensions.code], other.text).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
      expect(again.status, again.text).toBe(200);
      const expected = withoutSecrets(first.data) as typeof first.data;
      for (const { path, extensions } of again.errors) {
        expect(extensions, again.text).toMatchObject({ code: 'NOT_FOUND', committed: true, id: expect.any(String) });
        expect(path).toHaveLength(2);
        expected[path[0]][path[1]] = null;
      }
      expect(withoutSecrets(again.data), again.text).toEqual(expected);
      // Of what is gone for good, only the id is left to tell.
      const isGone = GONE.includes(name) || JSON.stringify(input).includes('"permanently":true');
      expect(again.errors).toHaveLength(isGone ? 1 : 0);
    });
  }
});

describe('a repetition under the same key, at', () => {
  for (const { dialect, operations, outcomeOf } of DIALECT_TABLES) {
    for (const operation of operations.filter(({ writes }) => writes)) {
      it(`${dialect}, of ${operation.name} answers the same and changes nothing`, async () => {
        const { secret } = await newKey({ permissions: PERMISSIONS });
        await ask('{ viewer { type } }', {}, secret);
        const request = operation.request(world, secret);
        const body = await request.text();
        const asked = (text: string) =>
          under(new Request(request.url, { method: request.method, headers: request.headers, body: text }), key);
        const [key, before] = [unique('key'), await changes()];
        const first = await send(asked(body));
        expect(outcomeOf(first, operation), first.text).toBe('done');
        const after = await changes();
        expect(after).toBeGreaterThan(before);
        const again = await send(asked(body));
        expect(outcomeOf(again, operation), again.text).toBe('done');
        expect(withoutSecrets(again.data)).toEqual(withoutSecrets(first.data));
        const changed = JSON.parse(body);
        const other = await send(asked(JSON.stringify({ ...changed, query: `${changed.query} ` })));
        expect(other.status, other.text).toBe(dialect === 'plain' ? 400 : 422);
        expect(await changes()).toBe(after);
      });
    }
  }
});
