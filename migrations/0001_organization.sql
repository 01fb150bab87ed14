-- One deployment serves one organization: its operator.
CREATE TABLE organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  only_one INTEGER NOT NULL DEFAULT 1 UNIQUE CHECK (only_one = 1)
) STRICT;

-- A UUIDv7 like every other id: 48 bits of milliseconds, version 7, variant 10, the rest random.
INSERT INTO organization (id, name, created_at, updated_at)
SELECT
  printf('%s-%s-7%s-8%s-%s', substr(now_hex, 1, 8), substr(now_hex, 9, 4), substr(noise, 1, 3), substr(noise, 4, 3), substr(noise, 7, 12)),
  'My organization', now, now
FROM (
  SELECT now, printf('%012x', now) AS now_hex, lower(hex(randomblob(9))) AS noise
  FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
);

-- What a credential may be allowed to do.
CREATE TABLE permission (
  name TEXT PRIMARY KEY CHECK (name GLOB '[a-z]*:[a-z]*'),
  description TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO permission (name, description) VALUES
  ('organization:edit', 'Rename the organization.'),
  ('tenant:read', 'Read tenants, their billing profiles, and the tenants that a customer belongs to.'),
  ('tenant:create', 'Create tenants.'),
  ('tenant:edit', 'Change tenants and their billing profiles.'),
  ('tenant:delete', 'Delete and restore tenants.'),
  ('customer:read', 'Read customers, and the customers that belong to a tenant.'),
  ('customer:create', 'Create customers.'),
  ('customer:edit', 'Change customers.'),
  ('customer:delete', 'Delete and restore customers.'),
  ('customerTenantMembership:create', 'Add customers to tenants.'),
  ('customerTenantMembership:delete', 'Remove customers from tenants.'),
  ('role:read', 'Read the list of permissions that a credential can be given.'),
  ('apiKey:read', 'Read API keys, but never their secrets.'),
  ('apiKey:edit', 'Create, rotate and revoke API keys that hold no more than oneself.'),
  ('event:read', 'Read events: what changed, when, and by whom.');
