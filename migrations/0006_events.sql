-- What changed, by whom, before and after: written in the same batch as the change. AUTOINCREMENT never hands out an id
-- twice, and D1 runs one batch at a time, so the order of ids is the order of commits.
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  command_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  actor_type TEXT NOT NULL,
  actor_id TEXT CHECK ((actor_type IN ('ROOT', 'SYSTEM')) = (actor_id IS NULL)),
  before TEXT CHECK (json_type(before) = 'object'),
  after TEXT CHECK (json_type(after) = 'object'),
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX event_command ON event (command_id, type);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_subject ON event (subject_id, id);
CREATE INDEX event_actor ON event (actor_type, actor_id, id);

-- The tenants that an event names, for whoever reaches some tenants only, with what events are filtered by. No foreign
-- keys: events outlive their tenants.
CREATE TABLE event_tenant (
  tenant_id TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  type TEXT NOT NULL,
  actor_type TEXT NOT NULL,
  actor_id TEXT,
  PRIMARY KEY (tenant_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_tenant_type ON event_tenant (tenant_id, type, event_id);
CREATE INDEX event_tenant_actor ON event_tenant (tenant_id, actor_type, actor_id, event_id);
CREATE INDEX event_tenant_event ON event_tenant (event_id, tenant_id);
