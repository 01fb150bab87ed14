-- A key may have several secrets at a time, each of which lives as long as it was said to. They get a table of their own, and
-- what stood in the key goes there. SQLite cannot drop a column that a CHECK of the table names, so the key's table is made
-- anew, and what refers to it as well: dropping it first would take the rows of both with it.
--
-- A key also names one of the Worker's limits on requests in a minute, and whom its other limits count: the credential that made
-- it, or whom that counts as; NULL: the key itself. Else whoever may make keys would have each limit as often as they like.
CREATE TABLE api_key_next (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  access TEXT NOT NULL CHECK (access IN ('READ', 'WRITE')),
  reach TEXT NOT NULL CHECK (reach IN ('ORGANIZATION', 'TENANTS', 'CUSTOMER')),
  -- Null for a key whose customer was erased: it reaches nothing.
  customer_id TEXT REFERENCES customer (id) ON DELETE SET NULL,
  rate_limit_tier TEXT NOT NULL DEFAULT 'DEFAULT' CHECK (rate_limit_tier IN ('DEFAULT', 'HIGH')),
  counts_as TEXT,
  expires_at INTEGER,
  revoked_at INTEGER,
  -- Of all of its secrets, those that are gone included.
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK (reach = 'CUSTOMER' OR customer_id IS NULL)
) STRICT;

-- Of a secret only its SHA-256 is kept. The newest one of a key has no end of its own: it is good as long as the key. A
-- revoked key has none.
CREATE TABLE api_key_secret (
  id TEXT NOT NULL,
  api_key_id TEXT NOT NULL REFERENCES api_key_next (id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL CHECK (length(secret_hash) = 64),
  expires_at INTEGER,
  -- Of one that another took the place of before anybody used it: from when on it is gone, unless it has been used.
  unclaimed_until INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (api_key_id, id),
  CHECK (unclaimed_until IS NULL OR expires_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key_permission_next (
  api_key_id TEXT NOT NULL REFERENCES api_key_next (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (api_key_id, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key_tenant_next (
  api_key_id TEXT NOT NULL REFERENCES api_key_next (id) ON DELETE CASCADE,
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  PRIMARY KEY (api_key_id, tenant_id)
) STRICT, WITHOUT ROWID;

INSERT INTO api_key_next (id, name, access, reach, customer_id, expires_at, revoked_at, last_used_at, created_at, updated_at)
SELECT id, name, access, reach, customer_id, expires_at, revoked_at, last_used_at, created_at, updated_at FROM api_key;
INSERT INTO api_key_permission_next SELECT api_key_id, permission FROM api_key_permission;
INSERT INTO api_key_tenant_next SELECT api_key_id, tenant_id FROM api_key_tenant;

-- Which of two secrets a key was last used with is not known, so both count as used: neither is replaced as a lost one. The
-- ids are UUIDs by chance, as no others are: a key has at most two of them.
INSERT INTO api_key_secret (id, api_key_id, secret_hash, expires_at, last_used_at, created_at)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
  || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), api_key_id, secret_hash, expires_at, last_used_at, created_at
FROM (
  SELECT id AS api_key_id, previous_secret_hash AS secret_hash,
    min(previous_secret_expires_at, COALESCE(expires_at, previous_secret_expires_at)) AS expires_at, last_used_at, created_at
  FROM api_key WHERE revoked_at IS NULL AND previous_secret_hash IS NOT NULL
  UNION ALL
  SELECT id, secret_hash, NULL, last_used_at, updated_at FROM api_key WHERE revoked_at IS NULL
);

DROP TABLE api_key_permission;
DROP TABLE api_key_tenant;
DROP TABLE api_key;
ALTER TABLE api_key_next RENAME TO api_key;
ALTER TABLE api_key_permission_next RENAME TO api_key_permission;
ALTER TABLE api_key_tenant_next RENAME TO api_key_tenant;

CREATE INDEX api_key_customer ON api_key (customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX api_key_secret_newest ON api_key_secret (api_key_id) WHERE expires_at IS NULL;
CREATE INDEX api_key_permission_name ON api_key_permission (permission);
CREATE INDEX api_key_tenant_tenant ON api_key_tenant (tenant_id, api_key_id);
