INSERT INTO permission (name, description) VALUES
  ('usage:read', 'Read the usage of tenants: how many data sources they have, and their traffic.'),
  ('usage:record', 'Record the traffic of pixels.');

INSERT INTO role_permission (role_id, permission)
SELECT role.id, given.value
FROM json_each('{
  "ORGANIZATION owner": ["usage:read", "usage:record"],
  "ORGANIZATION admin": ["usage:read", "usage:record"],
  "ORGANIZATION member": ["usage:read"],
  "ORGANIZATION viewer": ["usage:read"],
  "TENANT admin": ["usage:read", "usage:record"],
  "TENANT manage": ["usage:read", "usage:record"],
  "TENANT user": ["usage:read"],
  "TENANT view": ["usage:read"]
}') AS listed
JOIN role ON role.built_in = 1 AND role.scope || ' ' || role.name = listed.key
JOIN json_each(listed.value) AS given;

-- Where the events of a tenant come in (pixels), and where they go on to (pipelines). The two are alike, but for traffic,
-- which is that of pixels.
CREATE TABLE data_source (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('PIXEL', 'PIPELINE')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  external_id TEXT CHECK (length(external_id) BETWEEN 1 AND 256),
  external_id_key TEXT CHECK ((external_id IS NULL) = (external_id_key IS NULL)),
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
  -- The last hour in which it had events. Every window ends now: whether it had any in one, this tells without counting.
  last_traffic_hour INTEGER CHECK (kind = 'PIXEL' OR last_traffic_hour IS NULL),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX data_source_external_id ON data_source (tenant_id, kind, external_id_key);
-- The totals of a tenant are counted in this index alone.
CREATE INDEX data_source_of_tenant ON data_source (tenant_id, kind, status, id, last_traffic_hour);

-- What was recorded, by the caller's own ids, so that nothing is counted twice. The command is a UUIDv7: its time is when
-- the entry was recorded. An hour is counted from the epoch.
CREATE TABLE traffic_entry (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  entry_id TEXT NOT NULL CHECK (length(entry_id) BETWEEN 1 AND 256),
  command_id TEXT NOT NULL,
  pixel_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  events INTEGER NOT NULL CHECK (events >= 0),
  publish_errors INTEGER NOT NULL CHECK (publish_errors >= 0),
  PRIMARY KEY (tenant_id, entry_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX traffic_entry_command ON traffic_entry (command_id);

-- The traffic of a tenant in an hour: of all its pixels, so that a window reads as many rows as it has hours, and keeps
-- what a pixel counted that has been removed.
CREATE TABLE traffic_hour (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  hour INTEGER NOT NULL,
  events INTEGER NOT NULL,
  publish_errors INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX traffic_hour_hour ON traffic_hour (hour);
