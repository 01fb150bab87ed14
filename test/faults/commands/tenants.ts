import { newEntry } from '../model.ts';
import { idOf, type OwnChoice, oneOf, own } from './scene.ts';

const createTenant: OwnChoice = ({ model, fresh }) => {
  const [name, externalId] = [fresh('Tenant'), fresh('t')];
  return own('createTenant', 'tenant { id customers { nodes { id } } }', { name, externalId }, 'DONE', (outcome) =>
    model.add(newEntry({ kind: 'Tenant', id: idOf(outcome), name, externalId })),
  );
};

const updateTenant: OwnChoice = (scene) => {
  const { model, dice, fresh } = scene;
  const tenant = oneOf(scene, model.all('Tenant'));
  if (!tenant) return null;
  const expectsVersion = dice.happens(40);
  const isStale = expectsVersion && dice.happens(30);
  const expectedVersion = isStale ? tenant.version + 1 : tenant.version;
  // Half of the time, it is like that already.
  const description = dice.happens(50) ? fresh('d') : tenant.description;
  const input = { id: tenant.id, description, ...(expectsVersion && { expectedVersion }) };
  const problem = tenant.isDeleted ? 'NotFoundError' : isStale && 'VersionConflictError';
  return own('updateTenant', 'tenant { id version }', input, problem || 'DONE', () =>
    model.change(tenant, { description }),
  );
};

const upsertTenant: OwnChoice = (scene) => {
  const { model, dice, fresh } = scene;
  const tenant = dice.happens(70) ? oneOf(scene, model.live('Tenant')) : undefined;
  const payload = 'outcome tenant { id name }';
  if (!tenant) {
    const [name, externalId] = [fresh('Tenant'), fresh('t')];
    return own('upsertTenant', payload, { identifier: { externalId }, name }, 'CREATED', (outcome) =>
      model.add(newEntry({ kind: 'Tenant', id: idOf(outcome), name, externalId })),
    );
  }
  const name = dice.happens(50) ? fresh('Tenant') : tenant.name;
  const input = { identifier: { externalId: tenant.externalId }, name };
  return own('upsertTenant', payload, input, name === tenant.name ? 'NOOP' : 'UPDATED', () =>
    model.change(tenant, { name }),
  );
};

const deleteTenant: OwnChoice = (scene) => {
  const { model } = scene;
  const tenant = oneOf(scene, model.live('Tenant'));
  if (!tenant) return null;
  return own('deleteTenant', 'tenant { id deletedAt }', { id: tenant.id }, 'DONE', () =>
    model.change(tenant, { isDeleted: true }, 'deleted'),
  );
};

const restoreTenant: OwnChoice = (scene) => {
  const { model } = scene;
  const tenant = oneOf(scene, model.all('Tenant'));
  if (!tenant) return null;
  return own('restoreTenant', 'tenant { id }', { id: tenant.id }, 'DONE', () =>
    model.change(tenant, { isDeleted: false }, 'restored'),
  );
};

/** One row to create, one to change, if there is one. */
const importTenants: OwnChoice = (scene) => {
  const { model, fresh } = scene;
  const changed = oneOf(scene, model.live('Tenant'));
  const [name, externalId, description] = [fresh('Tenant'), fresh('t'), fresh('d')];
  const rows = [{ externalId, name }, ...(changed ? [{ externalId: changed.externalId, description }] : [])];
  const expected = changed ? 'CREATED UPDATED' : 'CREATED';
  return own('importTenants', 'rows { path outcome id errors { code } }', { rows }, expected, (outcome) => {
    model.add(newEntry({ kind: 'Tenant', id: idOf(outcome), name, externalId }));
    if (changed) model.change(changed, { description });
  });
};

export const TENANT_COMMANDS: readonly OwnChoice[] = [
  createTenant,
  updateTenant,
  upsertTenant,
  deleteTenant,
  restoreTenant,
  importTenants,
];
