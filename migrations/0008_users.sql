-- People who sign in. The kind says where their own role is: in the organization, in a customer, or, for those who have
-- roles in tenants only, nowhere. A name that is not given sorts first.
CREATE TABLE user (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('ORGANIZATION', 'CUSTOMER', 'TENANT')),
  role_id TEXT,
  customer_id TEXT REFERENCES customer (id),
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT NOT NULL,
  name TEXT CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  phone TEXT,
  avatar_url TEXT,
  external_id TEXT CHECK (length(external_id) BETWEEN 1 AND 256),
  external_id_key TEXT CHECK ((external_id IS NULL) = (external_id_key IS NULL)),
  status TEXT NOT NULL CHECK (status IN ('INVITED', 'ACTIVE', 'DEACTIVATED')),
  default_tenant_id TEXT REFERENCES tenant (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  -- When the customer was hidden: its users are hidden with it, and come back with it.
  customer_deleted_at INTEGER,
  deleted INTEGER NOT NULL GENERATED ALWAYS AS (deleted_at IS NOT NULL OR customer_deleted_at IS NOT NULL) VIRTUAL,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  FOREIGN KEY (role_id, kind) REFERENCES role (id, scope),
  CHECK ((kind = 'TENANT') = (role_id IS NULL)),
  CHECK ((kind = 'CUSTOMER') = (customer_id IS NOT NULL))
) STRICT;

-- A user hidden by a customer keeps these values, because the customer may come back.
CREATE UNIQUE INDEX user_email ON user (email_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX user_external_id ON user (external_id_key) WHERE deleted_at IS NULL;
CREATE INDEX user_any_external_id ON user (external_id_key) WHERE external_id_key IS NOT NULL;
CREATE INDEX user_role ON user (role_id, kind) WHERE role_id IS NOT NULL;
CREATE INDEX user_default_tenant ON user (default_tenant_id) WHERE default_tenant_id IS NOT NULL;

CREATE INDEX user_by_created ON user (deleted, status, id);
CREATE INDEX user_by_updated ON user (deleted, status, updated_at, id);
CREATE INDEX user_by_name ON user (deleted, status, name_key, id);
CREATE INDEX user_by_email ON user (deleted, status, email_key, id);

CREATE INDEX user_of_organization ON user (kind, deleted, status, id) WHERE kind = 'ORGANIZATION';
CREATE INDEX user_of_customer_by_created ON user (customer_id, deleted, status, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_of_customer_by_updated ON user (customer_id, deleted, status, updated_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_of_customer_by_name ON user (customer_id, deleted, status, name_key, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_of_customer_by_email ON user (customer_id, deleted, status, email_key, id) WHERE customer_id IS NOT NULL;

CREATE TRIGGER user_follows_customer AFTER UPDATE OF deleted_at ON customer
BEGIN
  UPDATE user SET customer_deleted_at = NEW.deleted_at WHERE customer_id = NEW.id;
END;

-- Which role a user has in which tenant, at most one in each. The user_* columns repeat what users are sorted and
-- filtered by, as those of memberships do.
CREATE TABLE assignment (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  role_id TEXT NOT NULL,
  role_scope TEXT NOT NULL DEFAULT 'TENANT' CHECK (role_scope = 'TENANT'),
  created_at INTEGER NOT NULL,
  user_deleted INTEGER NOT NULL,
  user_status TEXT NOT NULL,
  user_name_key TEXT NOT NULL,
  user_email_key TEXT NOT NULL,
  user_updated_at INTEGER NOT NULL,
  user_customer_id TEXT,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (role_id, role_scope) REFERENCES role (id, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX assignment_user ON assignment (user_id, tenant_id);
CREATE INDEX assignment_role ON assignment (role_id, tenant_id);
CREATE INDEX assignment_by_created ON assignment (tenant_id, user_deleted, user_status, user_id);
CREATE INDEX assignment_by_updated ON assignment (tenant_id, user_deleted, user_status, user_updated_at, user_id);
CREATE INDEX assignment_by_name ON assignment (tenant_id, user_deleted, user_status, user_name_key, user_id);
CREATE INDEX assignment_by_email ON assignment (tenant_id, user_deleted, user_status, user_email_key, user_id);
CREATE INDEX assignment_of_customer ON assignment (user_customer_id, tenant_id, user_deleted, user_status, user_id)
  WHERE user_customer_id IS NOT NULL;

CREATE TRIGGER assignment_follows_user
AFTER UPDATE OF status, name_key, email_key, updated_at, deleted_at, customer_deleted_at ON user
BEGIN
  UPDATE assignment
  SET user_deleted = NEW.deleted_at IS NOT NULL OR NEW.customer_deleted_at IS NOT NULL,
    user_status = NEW.status,
    user_name_key = NEW.name_key,
    user_email_key = NEW.email_key,
    user_updated_at = NEW.updated_at
  WHERE user_id = NEW.id;
END;

-- Only a tenant that a user has a role in is where the user starts.
CREATE TRIGGER default_tenant_follows_assignment AFTER DELETE ON assignment
BEGIN
  UPDATE user SET default_tenant_id = NULL WHERE id = OLD.user_id AND default_tenant_id = OLD.tenant_id;
END;
