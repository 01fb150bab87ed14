/** What the directory keeps of a record, as far as the commands of the sequences change it. */
export interface Entry {
  kind: 'Tenant' | 'Customer' | 'User' | 'Role' | 'ApiKey' | 'Permission';
  /** The global one; of a permission, its name. */
  id: string;
  name: string;
  externalId: string | null;
  description: string | null;
  /** 0 for records without versions. */
  version: number;
  isDeleted: boolean;
  /** The permissions of a role, how many secrets a key has. */
  detail: string;
  /** By the ids of the tenants that it belongs to: the id of the role that a user has there, else nothing. */
  tenants: Map<string, string>;
}

/** A new record of this kind, with what is the same of all. */
export const newEntry = (given: Pick<Entry, 'kind' | 'id' | 'name'> & Partial<Entry>): Entry => ({
  externalId: null,
  description: null,
  version: ['Role', 'ApiKey', 'Permission'].includes(given.kind) ? 0 : 1,
  isDeleted: false,
  detail: '',
  tenants: new Map(),
  ...given,
});

const WORDS = {
  Tenant: 'tenant',
  Customer: 'customer',
  User: 'user',
  Role: 'role',
  ApiKey: 'apiKey',
  Permission: 'permission',
};

/** The directory as one client should have left it: its records, and the events of all that it did, in their order. */
export class Model {
  readonly entries = new Map<string, Entry>();
  readonly events: string[] = [];
  /** The users whose invitation is open. */
  readonly invited = new Set<string>();

  record(type: string, id: string): void {
    this.events.push(`${type} ${id}`);
  }

  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.record(`${WORDS[entry.kind]}.created`, entry.id);
  }

  /** Changes a record; nothing happens if all of it is so already. */
  change(entry: Entry, values: Partial<Entry>, verb = 'updated'): void {
    if (Object.entries(values).every(([name, value]) => Reflect.get(entry, name) === value)) return;
    Object.assign(entry, values);
    if (entry.version > 0) entry.version += 1;
    this.record(`${WORDS[entry.kind]}.${verb}`, entry.id);
  }

  remove(entry: Entry, verb: 'erased' | 'deleted'): void {
    this.entries.delete(entry.id);
    this.record(`${WORDS[entry.kind]}.${verb}`, entry.id);
  }

  join(customer: Entry, tenantIds: readonly string[]): void {
    for (const id of new Set(tenantIds)) {
      if (customer.tenants.has(id)) continue;
      customer.tenants.set(id, '');
      this.record('membership.created', customer.id);
    }
  }

  leave(customer: Entry, tenantIds: readonly string[]): void {
    for (const id of new Set(tenantIds)) {
      if (customer.tenants.delete(id)) this.record('membership.deleted', customer.id);
    }
  }

  assign(user: Entry, tenantId: string, roleId: string): void {
    if (user.tenants.get(tenantId) === roleId) return;
    user.tenants.set(tenantId, roleId);
    this.record('tenantRole.assigned', user.id);
  }

  revoke(user: Entry, tenantId: string): void {
    if (user.tenants.delete(tenantId)) this.record('tenantRole.revoked', user.id);
  }

  /** The records of this kind, hidden or not. */
  all(kind: Entry['kind']): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.kind === kind);
  }

  live(kind: Entry['kind']): Entry[] {
    return this.all(kind).filter(({ isDeleted }) => !isDeleted);
  }

  hidden(kind: Entry['kind']): Entry[] {
    return this.all(kind).filter(({ isDeleted }) => isDeleted);
  }
}

/** A record in one line, to be compared. What is not in `tenants` is left out of where it belongs. */
export function shown(
  { kind, id, name, externalId, description, version, isDeleted, detail, tenants }: Entry,
  isShown: (tenantId: string) => boolean = () => true,
): string {
  const places = [...tenants].filter(([tenantId]) => isShown(tenantId)).map((place) => place.join(':'));
  return JSON.stringify([kind, id, name, externalId, description, version, isDeleted, detail, places.sort()]);
}
