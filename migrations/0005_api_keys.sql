-- Credentials of programs. Of a secret only its SHA-256 is kept; after a rotation the previous one stays good for a while.
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  access TEXT NOT NULL CHECK (access IN ('READ', 'WRITE')),
  reach TEXT NOT NULL CHECK (reach IN ('ORGANIZATION', 'TENANTS')),
  secret_hash TEXT NOT NULL CHECK (length(secret_hash) = 64),
  previous_secret_hash TEXT CHECK (length(previous_secret_hash) = 64),
  previous_secret_expires_at INTEGER,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((previous_secret_hash IS NULL) = (previous_secret_expires_at IS NULL))
) STRICT;

CREATE TABLE api_key_permission (
  api_key_id TEXT NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (api_key_id, permission)
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_permission_name ON api_key_permission (permission);

CREATE TABLE api_key_tenant (
  api_key_id TEXT NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  PRIMARY KEY (api_key_id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_tenant_tenant ON api_key_tenant (tenant_id, api_key_id);
