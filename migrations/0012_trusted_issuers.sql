-- Who else may say who a user of a customer is, by signing a token with one of these public keys, or of those at a URL.
CREATE TABLE trusted_issuer (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  issuer TEXT NOT NULL,
  audience TEXT NOT NULL,
  algorithms TEXT NOT NULL CHECK (json_type(algorithms) = 'array'),
  keys TEXT CHECK (json_type(keys) = 'array'),
  jwks_url TEXT,
  creates_users INTEGER NOT NULL CHECK (creates_users IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((keys IS NULL) <> (jwks_url IS NULL))
) STRICT;

CREATE UNIQUE INDEX trusted_issuer_issuer ON trusted_issuer (issuer);

-- The roles that its users may have, and the customers that they may belong to. A role that is listed stays: without it, an
-- issuer of two roles would give the other one to whoever comes without any.
CREATE TABLE trusted_issuer_role (
  issuer_id TEXT NOT NULL REFERENCES trusted_issuer (id) ON DELETE CASCADE,
  role_id TEXT NOT NULL,
  role_scope TEXT NOT NULL DEFAULT 'CUSTOMER' CHECK (role_scope = 'CUSTOMER'),
  PRIMARY KEY (issuer_id, role_id),
  FOREIGN KEY (role_id, role_scope) REFERENCES role (id, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX trusted_issuer_role_role ON trusted_issuer_role (role_id, role_scope);

CREATE TABLE trusted_issuer_customer (
  issuer_id TEXT NOT NULL REFERENCES trusted_issuer (id) ON DELETE CASCADE,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  PRIMARY KEY (issuer_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX trusted_issuer_customer_customer ON trusted_issuer_customer (customer_id);

-- Whom an issuer means by an external id of its own: a user has one issuer at most. Only a hash of the external id is
-- kept, to be compared exactly: nothing of an erased user is left in it.
CREATE TABLE issued_identity (
  issuer_id TEXT NOT NULL REFERENCES trusted_issuer (id) ON DELETE CASCADE,
  external_id_hash TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  PRIMARY KEY (issuer_id, external_id_hash)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX issued_identity_user ON issued_identity (user_id);

-- The issuer whose token began the session, which never reaches a tenant.
ALTER TABLE session ADD COLUMN issuer_id TEXT REFERENCES trusted_issuer (id) ON DELETE CASCADE
  CHECK (issuer_id IS NULL OR tenant_id IS NULL);

CREATE INDEX session_issuer ON session (issuer_id) WHERE issuer_id IS NOT NULL;
