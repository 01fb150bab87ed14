import { newEntry } from '../model.ts';
import { type Choice, idOf, own } from './scene.ts';

/** A customer with an external id that others may be faster to take. */
const createWanted: Choice = ({ model, dice, shared, fresh }) => {
  const [name, externalId] = [fresh('Wanted'), dice.one(shared.externalIds)];
  return own('createCustomer', 'customer { id }', { name, externalId }, ['DONE', 'AlreadyExistsError'], (outcome) => {
    const id = idOf(outcome);
    shared.wanted.push(newEntry({ kind: 'Customer', id, name, externalId }));
    model.record('customer.created', id);
  });
};

/** A change that is made only if nobody else was faster. */
const updateShared: Choice = ({ model, shared, fresh }) => {
  const { customer, wins } = shared;
  const { id, version } = customer;
  const description = fresh('d');
  const input = { id, description, expectedVersion: version };
  return own('updateCustomer', 'customer { id version }', input, ['DONE', 'VersionConflictError'], () => {
    wins.push({ version, description });
    customer.version = Math.max(customer.version, version + 1);
    model.record('customer.updated', id);
  });
};

/** A customer that everybody wants to be there. */
const upsertShared: Choice = ({ model, shared, fresh }) => {
  const { email, name, externalId, outcomes, ids, descriptions } = shared.upserted;
  const description = fresh('d');
  const input = { identifier: { email }, name, externalId, description };
  return own('upsertCustomer', 'outcome customer { id }', input, ['CREATED', 'UPDATED'], (outcome) => {
    const id = idOf(outcome);
    ids.add(id);
    outcomes.push(outcome.word);
    descriptions.push(description);
    model.record(outcome.word === 'CREATED' ? 'customer.created' : 'customer.updated', id);
  });
};

/** Changes that clients make to the same records. */
export const SHARED_COMMANDS: readonly Choice[] = [createWanted, updateShared, upsertShared];
