import { beforeAll, describe, expect, it } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  type Key,
  newCustomer,
  newKey,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';

const ACTORS = 'createdBy { type id } updatedBy { type id }';
const by = ({ id }: Key) => ({ type: 'API_KEY', id });

beforeAll(countChanges);

/** Who created and who changed a record, deleted or not. What its events keep of it has neither. */
async function authorsOf(entity: string, id: string) {
  const list = `${entity.toLowerCase()}s`;
  const { data } = await ask(
    `query($id: ID!) { ${list}(filter: { deleted: INCLUDE }, last: 100) { nodes { id ${ACTORS} } }
      events(filter: { subjectId: $id }, first: 100) { nodes { before after } } }`,
    { id },
  );
  const kept = data.events.nodes.flatMap(({ before, after }: Result) => Object.keys({ ...before, ...after }));
  expect(kept).toContain('name');
  expect(kept.filter((name: string) => /By$|By(Type|Id)$/.test(name))).toEqual([]);
  const { createdBy, updatedBy } = data[list].nodes.find((node: Result) => node.id === id);
  return { createdBy, updatedBy };
}

describe.each(['Tenant', 'Customer'])('who created a %s, and who changed it last,', (entity) => {
  const field = entity.toLowerCase();
  const run = (verb: string, input: Variables, { secret }: Key) =>
    succeed(`${verb}${entity}`, `${field} { id ${ACTORS} }`, input, secret);

  it('is kept by every command, and shown with what it wrote', async () => {
    const creator = await newKey();
    const input = { name: unique('Name'), externalId: unique('id') };
    const { id, ...shown } = (await run('create', input, creator))[field];
    expect(shown).toEqual({ createdBy: by(creator), updatedBy: by(creator) });
    const steps: [string, Variables][] = [
      ['update', { id, description: 'one' }],
      ['delete', { id }],
      ['restore', { id }],
      ['upsert', { identifier: { id }, description: 'two' }],
    ];
    for (const [verb, given] of steps) {
      const key = await newKey();
      const expected = { createdBy: by(creator), updatedBy: by(key) };
      expect((await run(verb, given, key))[field], verb).toEqual({ id, ...expected });
      expect(await authorsOf(entity, id), verb).toEqual(expected);
    }
  });

  it('is the same for an upsert that creates, and for an import', async () => {
    const [first, second] = [await newKey(), await newKey()];
    const identifier = { externalId: unique('id') };
    const { id } = (await run('upsert', { identifier, name: unique('Name') }, first))[field];
    expect(await authorsOf(entity, id)).toEqual({ createdBy: by(first), updatedBy: by(first) });
    const rows = [
      { ...identifier, description: 'imported' },
      { externalId: unique('id'), name: unique('Name') },
    ];
    const imported = await succeed(`import${entity}s`, 'rows { id outcome }', { rows }, second.secret);
    expect(imported.rows.map(({ outcome }: Result) => outcome)).toEqual(['UPDATED', 'CREATED']);
    expect(await authorsOf(entity, id)).toEqual({ createdBy: by(first), updatedBy: by(second) });
    expect(await authorsOf(entity, imported.rows[1].id)).toEqual({ createdBy: by(second), updatedBy: by(second) });
  });

  it('is no difference: whoever finds all as it should be has changed nothing', async () => {
    const [creator, other] = [await newKey(), await newKey()];
    const externalId = unique('id');
    const { id } = (await run('create', { name: `Same${externalId}`, externalId }, creator))[field];
    const before = await changes();
    await run('update', { id, externalId }, other);
    await run('upsert', { identifier: { externalId }, name: `Same${externalId}` }, other);
    await succeed(`import${entity}s`, 'rows { outcome }', { rows: [{ externalId }] }, other.secret);
    await run('restore', { id }, other);
    expect(await changes()).toBe(before);
    expect(await authorsOf(entity, id)).toEqual({ createdBy: by(creator), updatedBy: by(creator) });
  });

  it('is the root key, or a user', async () => {
    const tenant = await newTenant();
    const { id } = entity === 'Tenant' ? tenant : await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    await run('update', { id, description: 'by a user' }, { id: '', secret: await tokenOf(user.id, tenant.id) });
    expect(await authorsOf(entity, id)).toEqual({
      createdBy: { type: 'ROOT', id: null },
      updatedBy: { type: 'USER', id: user.id },
    });
  });
});

describe('who changed a tenant', () => {
  it('is none of the business of who reaches one of its customers', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const { secret } = await newKey({ customer: customer.id });
    for (const field of ['createdBy', 'updatedBy']) {
      const query = `query($id: ID!) { tenant(id: $id) { id ${field} { type } } }`;
      const { errors } = await ask(query, { id: tenant.id }, secret);
      expect(errors[0]?.extensions.code, field).toBe('FORBIDDEN');
    }
  });
});
