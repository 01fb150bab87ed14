import { newEntry } from '../model.ts';
import { type Choice, idOf, oneOf, own, TENANT_ROLES } from './scene.ts';

const PAYLOAD = 'user { id name tenantRoles { nodes { tenant { id } } } }';

const createTenantUser: Choice = (scene) => {
  const { model, dice, roleIds, fresh } = scene;
  const tenant = oneOf(scene, model.all('Tenant'));
  if (!tenant) return null;
  const role = dice.one(TENANT_ROLES);
  const [name, externalId] = [fresh('User'), fresh('u')];
  const input = {
    name,
    externalId,
    email: `${externalId}@x.example`,
    tenantIdentifier: { id: tenant.id },
    roleIdentifier: { name: role },
  };
  return own('createTenantUser', PAYLOAD, input, tenant.isDeleted ? 'NotFoundError' : 'DONE', (outcome) => {
    const user = newEntry({ kind: 'User', id: idOf(outcome), name, externalId });
    model.add(user);
    model.invited.add(user.id);
    model.assign(user, tenant.id, roleIds[role]);
  });
};

const upsertUser: Choice = (scene) => {
  const { model, dice, roleIds, fresh } = scene;
  const user = dice.happens(70) ? oneOf(scene, model.live('User')) : undefined;
  const payload = `outcome ${PAYLOAD}`;
  if (user) {
    const name = dice.happens(50) ? fresh('User') : user.name;
    const input = { identifier: { externalId: user.externalId }, name };
    const expected = name === user.name ? 'NOOP' : 'UPDATED';
    return own('upsertUser', payload, input, expected, () => model.change(user, { name }));
  }
  const tenant = oneOf(scene, model.live('Tenant'));
  if (!tenant) return null;
  const role = dice.one(TENANT_ROLES);
  const [name, externalId] = [fresh('User'), fresh('u')];
  const input = {
    identifier: { externalId },
    name,
    email: `${externalId}@x.example`,
    tenantIdentifier: { id: tenant.id },
    roleIdentifier: { name: role },
  };
  return own('upsertUser', payload, input, 'CREATED', (outcome) => {
    const created = newEntry({ kind: 'User', id: idOf(outcome), name, externalId });
    model.add(created);
    model.invited.add(created.id);
    model.assign(created, tenant.id, roleIds[role]);
  });
};

const updateUser: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const user = oneOf(scene, model.all('User'));
  if (!user) return null;
  const name = dice.happens(60) ? fresh('User') : user.name;
  const input = { id: user.id, name, expectedVersion: user.version };
  return own('updateUser', PAYLOAD, input, user.isDeleted ? 'NotFoundError' : 'DONE', () =>
    model.change(user, { name }),
  );
};

const deleteUser: Choice = (scene) => {
  const { model, dice } = scene;
  const user = oneOf(scene, model.live('User'));
  if (!user) return null;
  if (dice.happens(30)) {
    const input = { id: user.id, permanently: true };
    return own('deleteUser', 'user { id email }', input, 'DONE', () => {
      model.invited.delete(user.id);
      model.remove(user, 'erased');
    });
  }
  return own('deleteUser', 'user { id }', { id: user.id }, 'DONE', () => {
    model.invited.delete(user.id);
    model.change(user, { isDeleted: true }, 'deleted');
  });
};

const restoreUser: Choice = (scene) => {
  const { model } = scene;
  const user = oneOf(scene, model.all('User'));
  if (!user) return null;
  return own('restoreUser', 'user { id }', { id: user.id }, 'DONE', () =>
    model.change(user, { isDeleted: false }, 'restored'),
  );
};

const assignTenantRole: Choice = (scene) => {
  const { model, dice, roleIds } = scene;
  const [user, tenant] = [oneOf(scene, model.live('User')), oneOf(scene, model.all('Tenant'))];
  if (!user || !tenant) return null;
  const role = dice.one(TENANT_ROLES);
  const input = {
    userIdentifier: { id: user.id },
    tenantIdentifier: { id: tenant.id },
    roleIdentifier: { name: role },
  };
  return own('assignTenantRole', PAYLOAD, input, tenant.isDeleted ? 'NotFoundError' : 'DONE', () =>
    model.assign(user, tenant.id, roleIds[role]),
  );
};

const revokeTenantRole: Choice = (scene) => {
  const { model } = scene;
  const [user, tenant] = [oneOf(scene, model.live('User')), oneOf(scene, model.live('Tenant'))];
  if (!user || !tenant) return null;
  const input = { userIdentifier: { id: user.id }, tenantIdentifier: { id: tenant.id } };
  return own('revokeTenantRole', PAYLOAD, input, 'DONE', () => model.revoke(user, tenant.id));
};

const revokeInvitation: Choice = (scene) => {
  const { model } = scene;
  const user = oneOf(scene, model.all('User'));
  if (!user) return null;
  const input = { userIdentifier: { id: user.id } };
  return own('revokeInvitation', PAYLOAD, input, user.isDeleted ? 'NotFoundError' : 'DONE', () => {
    if (model.invited.delete(user.id)) model.record('user.invitationRevoked', user.id);
  });
};

export const USER_COMMANDS: readonly Choice[] = [
  createTenantUser,
  upsertUser,
  updateUser,
  deleteUser,
  restoreUser,
  assignTenantRole,
  revokeTenantRole,
  revokeInvitation,
];
