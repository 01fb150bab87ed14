import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/http/shared/environment.ts';
import worker from '../../../src/worker.ts';
import { eventsAbout, mutate, newCustomer, newTenant, newTenantUser, unique } from '../../shared/fixtures.ts';
import { ask, CountingD1, graphqlRequest, ROOT_KEY, type Variables } from '../../shared/gateway.ts';
import { document, type Imported, imported, type Kind, outcomes } from './imported.ts';

/** D1 that lets somebody else in just before a batch that writes, as often as is wanted. */
class InterruptedD1 extends CountingD1 {
  #interruptions: (() => Promise<unknown>)[];

  constructor(d1: D1Database, interruptions: (() => Promise<unknown>)[]) {
    super(d1);
    this.#interruptions = interruptions;
  }

  override async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    if (statements.length > 2) await this.#interruptions.shift()?.();
    return super.batch<T>(statements);
  }
}

describe('somebody else who writes between the lookup and the writes of an import', () => {
  const importing = async (rows: Variables[], interruptions: (() => Promise<unknown>)[], kind: Kind = 'Customers') => {
    const d1 = new InterruptedD1(env.DB, interruptions);
    const environment = { ...env, DB: d1 as unknown as D1Database, ROOT_KEY } as Environment;
    const request = graphqlRequest(document(kind), { input: { rows } });
    const response = await worker.fetch(request, environment, { waitUntil() {}, passThroughOnException() {} } as never);
    const { data } = await response.json<{ data: Record<string, { rows: Imported[] }> }>();
    return { rows: data[`import${kind}`]?.rows ?? [], calls: d1.calls };
  };

  it('is seen: the import decides anew, in three calls', async () => {
    const row = { externalId: unique('raced'), name: unique('Raced') };
    const { rows, calls } = await importing([row], [() => newCustomer({ ...row, description: 'first' })]);
    expect(outcomes(rows)).toEqual(['NOOP']);
    expect(calls).toBeLessThanOrEqual(3);
    const other = { externalId: unique('raced'), name: unique('Raced') };
    const changed = await importing(
      [other, { ...row, description: 'ours' }],
      [() => imported('Customers', [{ ...row, description: 'theirs' }])],
    );
    expect(outcomes(changed.rows)).toEqual(['CREATED', 'UPDATED']);
    expect(changed.calls).toBe(3);
  });

  it('keeps what they changed and the rows did not', async () => {
    const [tenant, gone] = [await newTenant(), await newTenant()];
    for (const [what, name, input] of [
      [
        'a role that ended',
        'revokeTenantRole',
        (id: string) => ({ userIdentifier: { id }, tenantIdentifier: { id: tenant.id } }),
      ],
      ['a tenant that was erased', 'deleteTenant', () => ({ id: gone.id, permanently: true })],
    ] as const) {
      const user = await newTenantUser(name === 'deleteTenant' ? gone.id : tenant.id);
      const { rows } = await importing(
        [{ email: user.email, phone: '2' }],
        [() => mutate(name, '__typename', input(user.id))],
        'Users',
      );
      expect(outcomes(rows), what).toEqual(['UPDATED']);
      const { data } = await ask('query($id: ID!) { user(id: $id) { phone defaultTenant { id } } }', { id: user.id });
      expect(data.user, what).toEqual({ phone: '2', defaultTenant: null });
    }
  });

  it('who does so twice leaves the rows failed, and nothing half done', async () => {
    const row = { externalId: unique('raced'), name: unique('Raced') };
    const existing = await newCustomer(row);
    const change = () => imported('Customers', [{ ...row, description: unique('theirs') }]);
    const { rows, calls } = await importing([{ ...row, description: 'ours' }], [change, change]);
    expect(rows[0]).toMatchObject({ outcome: 'FAILED', errors: [{ code: 'version_conflict' }] });
    expect(calls).toBe(3);
    expect((await eventsAbout(existing.id)).length).toBe(3);
  });
});
