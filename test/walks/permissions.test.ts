import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission } from '../../src/directory/kernel/permission-names.ts';
import { schema } from '../../src/graphql/schema.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { allBut, codeOf, declaredErrors, newKey } from '../shared/fixtures.ts';
import { type Answer, ask } from '../shared/gateway.ts';
import { rewind } from '../shared/rewind.ts';
import { COMMANDS } from './commands.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { asker, lastingWorld, newOperationWorld, type OperationWorld } from './operations.ts';
import { QUERIES, type Query } from './queries.ts';

/** What every file of the directory says. */
const sources = import.meta.glob<string>('../../src/directory/**/*.ts', {
  eager: true,
  query: '?raw',
  import: 'default',
});

const fieldsOf = (type: 'Query' | 'Mutation') =>
  Object.keys((type === 'Query' ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {});

describe('the tables of operations that the tests walk', () => {
  it('name every query and every mutation', () => {
    expect(new Set(QUERIES.map(({ field }) => field))).toEqual(new Set(fieldsOf('Query')));
    expect(new Set(MUTATIONS.map(({ name }) => name))).toEqual(new Set(fieldsOf('Mutation')));
  });

  it('have a mutation for every command, and a command for every mutation', () => {
    expect(COMMANDS.map(({ name }) => name).sort()).toEqual(fieldsOf('Mutation').sort());
  });

  it('find at least as many commands as the directory defines', () => {
    const defined = Object.values(sources).flatMap((source) => source.match(/\bcommand(<[^(]+>)?\(\{/g) ?? []);
    expect(defined.length).toBeGreaterThan(30);
    expect(COMMANDS.length).toBeGreaterThanOrEqual(defined.length);
  });

  it('use every permission', () => {
    const used = [...QUERIES.flatMap(({ needs }) => needs), ...COMMANDS.flatMap(({ permissions }) => permissions)];
    expect(new Set(used)).toEqual(new Set(PERMISSIONS));
  });
});

describe('every command', () => {
  for (const command of COMMANDS) {
    it(`${command.name} declares its errors and its permissions in the schema`, () => {
      expect(declaredErrors(command.name).sort()).toEqual(command.errors.map((error) => schemaName(error)).sort());
      const description = schema.getMutationType()?.getFields()[command.name]?.description ?? '';
      for (const permission of command.permissions) expect(description).toContain(`\`${permission}\``);
    });
  }

  const schemaName = (error: { name: string }) => error.name.replace(/^_/, '');
});

const keys = new Map<string, string>();

async function keyWith(permissions: readonly Permission[], access: 'READ' | 'WRITE' = 'WRITE'): Promise<string> {
  const name = [access, ...permissions].join(' ');
  const key = keys.get(name) ?? (await newKey({ permissions, access })).secret;
  keys.set(name, key);
  return key;
}

const keyWithout = (permission: Permission) => keyWith(allBut(permission));

async function askWith(
  operation: Query | Mutation,
  world: OperationWorld,
  permissions: readonly Permission[],
): Promise<Answer> {
  const { document, variables, as } = operation;
  if (as !== 'user') return ask(document, variables?.(world), await keyWith(permissions));
  const { secret, input } = await asker(operation, world, permissions);
  return ask(document, input, secret);
}

beforeAll(countChanges);

describe('every query', () => {
  // Queries change nothing: one world is enough for all.
  let world: OperationWorld;
  beforeAll(async () => {
    world = await newOperationWorld();
  });

  for (const query of QUERIES) {
    const { field, document, needs } = query;
    it(`${field} answers who holds ${needs.join(', ') || 'nothing'} only: ${document.slice(0, 60)}`, async () => {
      const allowed = await askWith(query, world, needs.length === 0 ? ['role:read'] : needs);
      if (!document.includes('apiKey {')) expect(allowed.errors, allowed.text).toEqual([]);
      for (const permission of needs) {
        const refused = await askWith(query, world, allBut(permission));
        expect(codeOf(refused), refused.text).toBe('FORBIDDEN');
        expect(refused.status).toBe(200);
        for (const { extensions } of refused.errors) expect(extensions.missingPermissions).toEqual([permission]);
      }
    });
  }
});

/** What a mutation needs for some of its inputs: it is asked with what it always needs, before all that is handed on. */
const FIRST: Record<string, readonly Permission[]> = { deleteRole: ['user:edit'], revokeSession: ['user:edit'] };

describe('every mutation', () => {
  let world: OperationWorld;
  beforeAll(async () => {
    world = await lastingWorld();
  });
  beforeEach(() => rewind().run());

  for (const mutation of MUTATIONS) {
    const { name, document, variables, also } = mutation;
    const needed = COMMANDS.find((command) => command.name === name)?.permissions ?? [];

    it(`${name} is done for who holds ${needed.join(', ')}, and refused without any of it, of which all that is missing is named`, async () => {
      for (const permission of needed) {
        const secret = await keyWithout(permission);
        const before = await changes();
        const { data } = await ask(document, variables(world), secret);
        expect(data[name]).toMatchObject({
          __typename: 'ForbiddenError',
          code: 'insufficient_permissions',
          missingPermissions: [permission],
        });
        expect(await changes()).toBe(before);
      }
      if (needed.length > 1) {
        const refused = await ask(document, variables(world), await keyWith(allBut(...needed)));
        expect(refused.data[name].missingPermissions.toSorted()).toEqual(needed.toSorted());
      }
      const { data, errors, text } = await askWith(mutation, world, [...new Set([...needed, ...also])]);
      expect(errors, text).toEqual([]);
      expect(data[name].__typename, text).toMatch(/Payload$/);
    });

    it(`${name} is refused without any of what it hands on or takes over: ${also.join(', ') || 'nothing'}`, async () => {
      const handedOn = also.filter((permission) => !needed.includes(permission));
      if (handedOn.length === 0) return;
      const named: Permission[] = [];
      for (const permission of handedOn) {
        const secret = await keyWithout(permission);
        const before = await changes();
        const { data, errors, text } = await ask(document, variables(world), secret);
        const missing = errors[0]?.extensions.missingPermissions ?? data[name].missingPermissions ?? text;
        expect(missing).toContain(permission);
        // What only a list below the payload needs, stops the list and not the change.
        if (errors.length === 0) expect(await changes()).toBe(before);
        if (errors.length === 0 && !FIRST[name]?.includes(permission)) named.push(permission);
      }
      const { data } = await ask(document, variables(world), await keyWith(allBut(...named)));
      if (named.length > 1) expect(data[name].missingPermissions.toSorted()).toEqual(named.toSorted());
    });

    if (MUTATIONS.every((other) => other.name !== name || other.as === 'user')) {
      it(`${name} is refused to a key, which is not signed in`, async () => {
        const secret = await keyWith(PERMISSIONS);
        const before = await changes();
        const { data } = await ask(document, variables(world), secret);
        expect(data[name]).toMatchObject({ __typename: 'ForbiddenError', code: 'not_signed_in' });
        expect(await changes()).toBe(before);
      });
    }

    it(`${name} is refused to a key that only reads`, async () => {
      const secret = await keyWith(PERMISSIONS, 'READ');
      const before = await changes();
      const { data } = await ask(document, variables(world), secret);
      expect(data[name]).toMatchObject({ __typename: 'ForbiddenError', code: 'read_only_key', missingPermissions: [] });
      expect(await changes()).toBe(before);
    });
  }
});
