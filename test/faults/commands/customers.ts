import type { Variables } from '../../shared/gateway.ts';
import { type Entry, newEntry } from '../model.ts';
import { type Choice, idOf, oneOf, own, type Scene } from './scene.ts';

const PAYLOAD = 'customer { id name tenants { nodes { id } } }';

const identifiers = (tenants: readonly Entry[]) => tenants.map(({ id }) => ({ id }));
const idsOf = (tenants: readonly Entry[]) => tenants.map(({ id }) => id);

const createCustomer: Choice = ({ model, dice, fresh }) => {
  const [name, externalId] = [fresh('Customer'), fresh('c')];
  const tenants = dice.some(model.all('Tenant'), 3);
  const problem = tenants.some(({ isDeleted }) => isDeleted);
  const input = { name, externalId, tenantIdentifiers: identifiers(tenants) };
  return own('createCustomer', PAYLOAD, input, problem ? 'NotFoundError' : 'DONE', (outcome) => {
    const customer = newEntry({ kind: 'Customer', id: idOf(outcome), name, externalId });
    model.add(customer);
    model.join(customer, idsOf(tenants));
  });
};

const createTakenCustomer: Choice = (scene) => {
  const { model, fresh } = scene;
  const taken = oneOf(scene, model.live('Customer'));
  if (!taken) return null;
  const input = { name: fresh('Customer'), externalId: taken.externalId };
  return own('createCustomer', PAYLOAD, input, 'AlreadyExistsError', () => undefined);
};

const updateCustomer: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const customer = oneOf(scene, model.all('Customer'));
  if (!customer) return null;
  const expectsVersion = dice.happens(40);
  const isStale = expectsVersion && dice.happens(30);
  const expectedVersion = isStale ? customer.version + 1 : customer.version;
  const values = {
    name: dice.happens(30) ? fresh('Customer') : customer.name,
    description: dice.happens(60) ? fresh('d') : customer.description,
  };
  const input = { id: customer.id, ...values, ...(expectsVersion && { expectedVersion }) };
  const problem = customer.isDeleted ? 'NotFoundError' : isStale && 'VersionConflictError';
  return own('updateCustomer', PAYLOAD, input, problem || 'DONE', () => model.change(customer, values));
};

const upsertCustomer: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const customer = dice.happens(70) ? oneOf(scene, model.live('Customer')) : undefined;
  if (!customer) {
    const [name, externalId] = [fresh('Customer'), fresh('c')];
    const tenants = dice.some(model.live('Tenant'), 2);
    const input = { identifier: { externalId }, name, tenantIdentifiers: identifiers(tenants) };
    return own('upsertCustomer', `outcome ${PAYLOAD}`, input, 'CREATED', (outcome) => {
      const created = newEntry({ kind: 'Customer', id: idOf(outcome), name, externalId });
      model.add(created);
      model.join(created, idsOf(tenants));
    });
  }
  const description = dice.happens(50) ? fresh('d') : customer.description;
  const input = { identifier: { externalId: customer.externalId }, name: customer.name, description };
  const expected = description === customer.description ? 'NOOP' : 'UPDATED';
  return own('upsertCustomer', `outcome ${PAYLOAD}`, input, expected, () => model.change(customer, { description }));
};

const deleteCustomer: Choice = (scene) => {
  const { model, dice } = scene;
  const customer = oneOf(scene, model.live('Customer'));
  if (!customer) return null;
  if (dice.happens(30)) {
    const input = { id: customer.id, permanently: true };
    return own('deleteCustomer', 'customer { id name }', input, 'DONE', () => model.remove(customer, 'erased'));
  }
  return own('deleteCustomer', 'customer { id deletedAt }', { id: customer.id }, 'DONE', () =>
    model.change(customer, { isDeleted: true }, 'deleted'),
  );
};

const restoreCustomer: Choice = (scene) => {
  const { model } = scene;
  const customer = oneOf(scene, model.all('Customer'));
  if (!customer) return null;
  return own('restoreCustomer', 'customer { id }', { id: customer.id }, 'DONE', () =>
    model.change(customer, { isDeleted: false }, 'restored'),
  );
};

/** A command about where a customer belongs. */
const memberships =
  (name: string, effect: (scene: Scene, customer: Entry, tenantIds: readonly string[]) => void): Choice =>
  (scene) => {
    const { model, dice } = scene;
    const customer = oneOf(scene, model.live('Customer'));
    const tenants = dice.some(model.all('Tenant'), 3);
    if (!customer || tenants.length === 0) return null;
    const problem = tenants.some(({ isDeleted }) => isDeleted);
    const customerIdentifier = dice.happens(50) ? { id: customer.id } : { externalId: customer.externalId };
    const input = { customerIdentifier, tenantIdentifiers: identifiers(tenants) };
    return own(name, PAYLOAD, input, problem ? 'NotFoundError' : 'DONE', () => effect(scene, customer, idsOf(tenants)));
  };

const addCustomerToTenants = memberships('addCustomerToTenants', ({ model }, customer, ids) =>
  model.join(customer, ids),
);

const removeCustomerFromTenants = memberships('removeCustomerFromTenants', ({ model }, customer, ids) =>
  model.leave(customer, ids),
);

const setCustomerTenants = memberships('setCustomerTenants', ({ model }, customer, ids) => {
  // Memberships in hidden tenants stay.
  const live = idsOf(model.live('Tenant'));
  const others = [...customer.tenants.keys()].filter((id) => live.includes(id) && !ids.includes(id));
  model.leave(customer, others);
  model.join(customer, ids);
});

/** One row to create, one to change, one that is so already, one that fails. */
const importCustomers: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const [changed, same] = dice.some(model.live('Customer'), 2);
  const tenants = dice.some(model.live('Tenant'), 2);
  const [name, externalId, description] = [fresh('Customer'), fresh('c'), fresh('d')];
  const rows: [Variables, string][] = [
    [{ name, externalId, tenantIdentifiers: identifiers(tenants) }, 'CREATED'],
    ...(changed ? [[{ externalId: changed.externalId, description }, 'UPDATED'] satisfies [Variables, string]] : []),
    ...(same ? [[{ externalId: same.externalId, name: same.name }, 'NOOP'] satisfies [Variables, string]] : []),
    [{ externalId: fresh('c'), name: '' }, 'FAILED'],
  ];
  const input = { rows: rows.map(([row]) => row), errorPolicy: 'SKIP_FAILED' };
  const expected = rows.map(([, outcome]) => outcome).join(' ');
  const payload = 'rows { path outcome id errors { code } }';
  return own('importCustomers', payload, input, expected, (outcome) => {
    const customer = newEntry({ kind: 'Customer', id: idOf(outcome), name, externalId });
    model.add(customer);
    if (changed) model.change(changed, { description });
    model.join(customer, idsOf(tenants));
  });
};

export const CUSTOMER_COMMANDS: readonly Choice[] = [
  createCustomer,
  createTakenCustomer,
  updateCustomer,
  upsertCustomer,
  deleteCustomer,
  restoreCustomer,
  addCustomerToTenants,
  removeCustomerFromTenants,
  setCustomerTenants,
  importCustomers,
];
