import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tally } from '../shared/counts.ts';
import { ask } from '../shared/gateway.ts';
import type { Scene } from './commands/scene.ts';
import { printTried } from './counts.ts';
import { newDice } from './dice.ts';
import { hastenRetries } from './hastened.ts';
import { runSequence } from './sequence.ts';
import { sized } from './size.ts';

const SEQUENCES = sized(1000);

const ROLES = 'nodes(ids: $ids) { __typename }';

/** The ids of the built-in roles of tenants, as they are after every migration. */
async function tenantRoleIds(): Promise<Scene['roleIds']> {
  const { results } = await env.DB.prepare("SELECT id, name FROM role WHERE built_in AND scope = 'TENANT'").all<{
    id: string;
    name: string;
  }>();
  const idOf = (wanted: string) => btoa(`Role:${results.find(({ name }) => name === wanted)?.id}`);
  const roleIds = { view: idOf('view'), user: idOf('user') };
  const { data } = await ask(`query($ids: [ID!]!) { ${ROLES} }`, { ids: Object.values(roleIds) });
  expect(data.nodes).toEqual([{ __typename: 'Role' }, { __typename: 'Role' }]);
  return roleIds;
}

beforeEach(() => {
  hastenRetries();
  // Every fault is logged.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

describe('commands of several clients at a database that fails', () => {
  it(`are each done once in ${SEQUENCES} sequences, and the directory is what they made of it`, async () => {
    const roleIds = await tenantRoleIds();
    const dice = newDice();
    const tally = new Tally();
    for (let count = 0; count < SEQUENCES; count += 1) {
      const { seed } = dice;
      await runSequence(seed, roleIds, tally).catch((error) => {
        error.message = `FAULTS_SEED=${seed} (sequence ${count + 1} of ${SEQUENCES}): ${error.message}`;
        throw error;
      });
      dice.below(1);
    }
    printTried(SEQUENCES, 'sequences', tally.outcomes);
  });
});
