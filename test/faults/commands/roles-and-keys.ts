import { newEntry } from '../model.ts';
import { idOf, type OwnChoice, oneOf, own } from './scene.ts';

const PERMISSIONS = ['customer:read', 'tenant:read', 'user:read'] as const;

/** There may be a hundred roles in all. */
const MOST_ROLES = 3;
/** So many secrets of a key are good at a time that another two would be refused. */
const MOST_SECRETS = 3;

const createRole: OwnChoice = ({ model, dice, fresh }) => {
  if (model.all('Role').length >= MOST_ROLES) return null;
  const name = fresh('Role');
  const permissions = dice.some(PERMISSIONS, 2).sort();
  return own('createRole', 'role { id name }', { scope: 'TENANT', name, permissions }, 'DONE', (outcome) =>
    model.add(newEntry({ kind: 'Role', id: idOf(outcome), name, detail: permissions.join() })),
  );
};

const updateRole: OwnChoice = (scene) => {
  const { model, dice, fresh } = scene;
  const role = oneOf(scene, model.all('Role'));
  if (!role) return null;
  const name = dice.happens(50) ? fresh('Role') : role.name;
  const permissions = dice.some(PERMISSIONS, 2).sort();
  return own('updateRole', 'role { id name }', { id: role.id, name, permissions }, 'DONE', () =>
    model.change(role, { name, detail: permissions.join() }),
  );
};

const deleteRole: OwnChoice = (scene) => {
  const { model } = scene;
  const role = oneOf(scene, model.all('Role'));
  if (!role) return null;
  return own('deleteRole', 'role { id name }', { id: role.id }, 'DONE', () => model.remove(role, 'deleted'));
};

const createPermission: OwnChoice = ({ model, fresh }) => {
  if (model.all('Permission').length >= MOST_ROLES) return null;
  const [name, description] = [`${fresh('invoice')}:approve`, fresh('Description')];
  const input = { name, description };
  return own('createPermission', 'permission { id: name }', input, 'DONE', (outcome) =>
    model.add(newEntry({ kind: 'Permission', id: idOf(outcome), name, description })),
  );
};

const updatePermission: OwnChoice = (scene) => {
  const { model, dice, fresh } = scene;
  const permission = oneOf(scene, model.all('Permission'));
  if (!permission) return null;
  const { id: name, description: kept } = permission;
  const description = dice.happens(50) ? fresh('Description') : kept;
  return own('updatePermission', 'permission { id: name }', { name, description }, 'DONE', () =>
    model.change(permission, { description }),
  );
};

const deletePermission: OwnChoice = (scene) => {
  const { model } = scene;
  const permission = oneOf(scene, model.all('Permission'));
  if (!permission) return null;
  return own('deletePermission', 'permission { id: name }', { name: permission.id }, 'DONE', () =>
    model.remove(permission, 'deleted'),
  );
};

const createApiKey: OwnChoice = ({ model, fresh }) => {
  const name = fresh('Key');
  const input = { name, permissions: ['customer:read'], reach: 'ORGANIZATION' };
  return own('createApiKey', 'apiKey { id } secret', input, 'DONE', (outcome) =>
    model.add(newEntry({ kind: 'ApiKey', id: idOf(outcome), name, detail: '1' })),
  );
};

const rotateApiKey: OwnChoice = (scene) => {
  const { model } = scene;
  const key = oneOf(scene, model.all('ApiKey'));
  if (!key || Number(key.detail) >= MOST_SECRETS) return null;
  const problem = key.isDeleted && 'NotFoundError';
  return own('rotateApiKey', 'apiKey { id } secret', { id: key.id }, problem || 'DONE', () =>
    model.change(key, { detail: String(Number(key.detail) + 1) }, 'rotated'),
  );
};

const updateApiKey: OwnChoice = (scene) => {
  const { model, dice, fresh } = scene;
  const key = oneOf(scene, model.all('ApiKey'));
  if (!key) return null;
  const name = dice.happens(70) ? fresh('Key') : key.name;
  const problem = key.isDeleted && 'NotFoundError';
  return own('updateApiKey', 'apiKey { id name }', { id: key.id, name }, problem || 'DONE', () =>
    model.change(key, { name }),
  );
};

const revokeApiKey: OwnChoice = (scene) => {
  const { model } = scene;
  const key = oneOf(scene, model.live('ApiKey'));
  if (!key) return null;
  return own('revokeApiKey', 'apiKey { id revokedAt }', { id: key.id }, 'DONE', () =>
    model.change(key, { isDeleted: true, detail: '0' }, 'revoked'),
  );
};

export const ROLE_AND_KEY_COMMANDS: readonly OwnChoice[] = [
  createRole,
  updateRole,
  deleteRole,
  createPermission,
  updatePermission,
  deletePermission,
  createApiKey,
  updateApiKey,
  rotateApiKey,
  revokeApiKey,
];
