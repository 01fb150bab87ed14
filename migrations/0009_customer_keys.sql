-- API keys may reach one customer. SQLite cannot change a CHECK, so the table is made anew, and what refers to it as well:
-- dropping it first would take the rows of both with it.
CREATE TABLE api_key_next (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  access TEXT NOT NULL CHECK (access IN ('READ', 'WRITE')),
  reach TEXT NOT NULL CHECK (reach IN ('ORGANIZATION', 'TENANTS', 'CUSTOMER')),
  -- Null for a key whose customer was erased: it reaches nothing.
  customer_id TEXT REFERENCES customer (id) ON DELETE SET NULL,
  secret_hash TEXT NOT NULL CHECK (length(secret_hash) = 64),
  previous_secret_hash TEXT CHECK (length(previous_secret_hash) = 64),
  previous_secret_expires_at INTEGER,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((previous_secret_hash IS NULL) = (previous_secret_expires_at IS NULL)),
  CHECK (reach = 'CUSTOMER' OR customer_id IS NULL)
) STRICT;

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

INSERT INTO api_key_next (id, name, access, reach, secret_hash, previous_secret_hash, previous_secret_expires_at,
  expires_at, revoked_at, last_used_at, created_at, updated_at)
SELECT id, name, access, reach, secret_hash, previous_secret_hash, previous_secret_expires_at,
  expires_at, revoked_at, last_used_at, created_at, updated_at FROM api_key;
INSERT INTO api_key_permission_next SELECT api_key_id, permission FROM api_key_permission;
INSERT INTO api_key_tenant_next SELECT api_key_id, tenant_id FROM api_key_tenant;

DROP TABLE api_key_permission;
DROP TABLE api_key_tenant;
DROP TABLE api_key;
ALTER TABLE api_key_next RENAME TO api_key;
ALTER TABLE api_key_permission_next RENAME TO api_key_permission;
ALTER TABLE api_key_tenant_next RENAME TO api_key_tenant;

CREATE INDEX api_key_customer ON api_key (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX api_key_permission_name ON api_key_permission (permission);
CREATE INDEX api_key_tenant_tenant ON api_key_tenant (tenant_id, api_key_id);
