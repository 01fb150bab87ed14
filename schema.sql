-- Every table, index, trigger and view as the migrations leave them: printed by `npm run schema`, to be read and not run.
-- Why they are as they are stands in the migrations.

CREATE TABLE organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  only_one INTEGER NOT NULL DEFAULT 1 UNIQUE CHECK (only_one = 1)
) STRICT;

CREATE TABLE permission (
  name TEXT PRIMARY KEY CHECK (name GLOB '[a-z]*:[a-z]*'),
  description TEXT NOT NULL
, built_in INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1))) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  external_id TEXT CHECK (length(external_id) BETWEEN 1 AND 256),
  external_id_key TEXT CHECK ((external_id IS NULL) = (external_id_key IS NULL)),
  url TEXT,
  description TEXT,
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'PENDING', 'DEACTIVATED')),
  partner_managed INTEGER NOT NULL CHECK (partner_managed IN (0, 1)),
  event_enrichment INTEGER NOT NULL CHECK (event_enrichment IN (0, 1)),
  test INTEGER NOT NULL CHECK (test IN (0, 1)),

  company_name TEXT,
  vat_id TEXT,
  tax_type TEXT,
  tax_exempt TEXT NOT NULL CHECK (tax_exempt IN ('NONE', 'EXEMPT', 'REVERSE')),
  is_business_customer INTEGER NOT NULL CHECK (is_business_customer IN (0, 1)),
  is_invoice_pending INTEGER NOT NULL CHECK (is_invoice_pending IN (0, 1)),
  one_time_payment_valid_through TEXT,
  billing_address TEXT CHECK (json_type(billing_address) = 'object'),
  shipping_address TEXT CHECK (json_type(shipping_address) = 'object'),

  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  deleted INTEGER NOT NULL GENERATED ALWAYS AS (deleted_at IS NOT NULL) VIRTUAL,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1)
, created_by_type TEXT NOT NULL DEFAULT 'SYSTEM', created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL)), updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM', updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL)), key_version INTEGER NOT NULL DEFAULT 1, name_folded TEXT, name_words TEXT, name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL) STRICT;
CREATE UNIQUE INDEX tenant_external_id ON tenant (external_id_key) WHERE deleted_at IS NULL;
CREATE INDEX tenant_any_external_id ON tenant (external_id_key) WHERE external_id_key IS NOT NULL;
CREATE INDEX tenant_by_created ON tenant (deleted, status, id);
CREATE INDEX tenant_by_updated ON tenant (deleted, status, updated_at, id);
CREATE INDEX tenant_former_keys ON tenant (id) WHERE key_version = 1;
CREATE INDEX tenant_by_name ON tenant (deleted, status, name_sort, id);

CREATE TRIGGER session_ends_with_tenant
AFTER UPDATE OF deleted_at ON tenant
WHEN NEW.deleted_at IS NOT NULL
BEGIN
  DELETE FROM session WHERE tenant_id = NEW.id;
END;

CREATE TRIGGER tenant_search_insert AFTER INSERT ON tenant
BEGIN
  INSERT INTO tenant_search (rowid, name, name_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2))
  );
END;

CREATE TRIGGER tenant_search_update AFTER UPDATE OF name_key, name_folded, name_words ON tenant
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name, name_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2))
  );
  INSERT INTO tenant_search (rowid, name, name_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2))
  );
END;

CREATE TRIGGER tenant_search_delete AFTER DELETE ON tenant
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name, name_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2))
  );
END;

CREATE TRIGGER customer_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.id;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member WHERE tenant_id = OLD.id AND is_described;
END;

CREATE TRIGGER user_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE tenant_id = OLD.id;
END;

CREATE TRIGGER place_follows_tenant AFTER UPDATE OF deleted_at ON tenant
WHEN (NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)
BEGIN
  UPDATE user SET has_place = 1 - has_place
  WHERE id IN (SELECT user_id FROM assignment WHERE tenant_id = NEW.id) AND kind = 'TENANT' AND has_place <> EXISTS (
    SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = user.id);
END;

CREATE TABLE customer (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('COMPANY', 'PERSON')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  short_name TEXT,
  email TEXT CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT CHECK ((email IS NULL) = (email_key IS NULL)),
  email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
  external_id TEXT CHECK (length(external_id) BETWEEN 1 AND 256),
  external_id_key TEXT CHECK ((external_id IS NULL) = (external_id_key IS NULL)),
  description TEXT,
  labels TEXT NOT NULL DEFAULT '[]' CHECK (json_type(labels) = 'array'),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  deleted INTEGER NOT NULL GENERATED ALWAYS AS (deleted_at IS NOT NULL) VIRTUAL,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1), created_by_type TEXT NOT NULL DEFAULT 'SYSTEM', created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL)), updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM', updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL)), description_key TEXT, description_sort TEXT NOT NULL DEFAULT '', key_version INTEGER NOT NULL DEFAULT 1, name_folded TEXT, name_words TEXT, name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL, email_folded TEXT, email_words TEXT, description_words TEXT, label_keys TEXT CHECK (json_type(label_keys) = 'array'),
  CHECK (email IS NOT NULL OR email_verified = 0)
) STRICT;
CREATE UNIQUE INDEX customer_email ON customer (email_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_external_id ON customer (external_id_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_company_name ON customer (name_key) WHERE deleted_at IS NULL AND kind = 'COMPANY';
CREATE INDEX customer_any_external_id ON customer (external_id_key) WHERE external_id_key IS NOT NULL;
CREATE INDEX customer_by_created ON customer (deleted, kind, id);
CREATE INDEX customer_by_updated ON customer (deleted, kind, updated_at, id);
CREATE INDEX customer_by_description ON customer (deleted, kind, description_sort, id);
CREATE INDEX customer_former_keys ON customer (id) WHERE key_version = 1;
CREATE INDEX customer_by_name ON customer (deleted, kind, name_sort, id);

CREATE TRIGGER user_follows_customer AFTER UPDATE OF deleted_at ON customer
BEGIN
  UPDATE user SET customer_deleted_at = NEW.deleted_at WHERE customer_id = NEW.id;
END;

CREATE TRIGGER membership_follows_customer
AFTER UPDATE OF kind, name_key, name_folded, description_sort, updated_at, deleted_at ON customer
BEGIN
  UPDATE membership
  SET customer_deleted = NEW.deleted_at IS NOT NULL,
    customer_kind = NEW.kind,
    customer_name_key = NEW.name_sort,
    customer_description_sort = NEW.description_sort,
    customer_updated_at = NEW.updated_at
  WHERE customer_id = NEW.id;
END;

CREATE TRIGGER customer_labelled AFTER INSERT ON customer WHEN NEW.labels <> '[]'
BEGIN
  INSERT OR IGNORE INTO customer_label
  SELECT lower(value), NEW.id, NEW.deleted_at IS NOT NULL, NEW.kind, NEW.name_sort, NEW.description_sort, NEW.updated_at
  FROM json_each(coalesce(NEW.label_keys, NEW.labels));
END;

CREATE TRIGGER customer_relabelled AFTER UPDATE OF labels, label_keys ON customer
WHEN NEW.labels <> OLD.labels OR NEW.label_keys IS NOT OLD.label_keys
BEGIN
  DELETE FROM customer_label WHERE customer_id = NEW.id;
  INSERT OR IGNORE INTO customer_label
  SELECT lower(value), NEW.id, NEW.deleted_at IS NOT NULL, NEW.kind, NEW.name_sort, NEW.description_sort, NEW.updated_at
  FROM json_each(coalesce(NEW.label_keys, NEW.labels));
END;

CREATE TRIGGER label_follows_customer
AFTER UPDATE OF kind, name_key, name_folded, description_sort, updated_at, deleted_at ON customer WHEN NEW.labels <> '[]'
BEGIN
  UPDATE customer_label
  SET customer_deleted = NEW.deleted_at IS NOT NULL,
    customer_kind = NEW.kind,
    customer_name_sort = NEW.name_sort,
    customer_description_sort = NEW.description_sort,
    customer_updated_at = NEW.updated_at
  WHERE customer_id = NEW.id;
END;

CREATE TRIGGER customer_search_insert AFTER INSERT ON customer
BEGIN
  INSERT INTO customer_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER customer_search_update
AFTER UPDATE OF name_key, name_folded, name_words, email_key, email_folded, email_words ON customer
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
  OR NEW.email_key IS NOT OLD.email_key OR NEW.email_folded IS NOT OLD.email_folded OR NEW.email_words IS NOT OLD.email_words
BEGIN
  INSERT INTO customer_search (customer_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO customer_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER customer_description_search_insert AFTER INSERT ON customer WHEN NEW.description_key IS NOT NULL
BEGIN
  INSERT INTO customer_description_search (rowid, description, description_words) VALUES (
    NEW.rowid,
    NEW.description_key,
    coalesce(NEW.description_words, char(1015810, 1015810) || substr(NEW.description_key, 1, 2))
  );
END;

CREATE TRIGGER customer_description_search_update AFTER UPDATE OF description_key, description_words ON customer
WHEN NEW.description_key IS NOT OLD.description_key OR NEW.description_words IS NOT OLD.description_words
BEGIN
  INSERT INTO customer_description_search (customer_description_search, rowid, description, description_words)
  SELECT 'delete', OLD.rowid, OLD.description_key,
    coalesce(OLD.description_words, char(1015810, 1015810) || substr(OLD.description_key, 1, 2))
  WHERE OLD.description_key IS NOT NULL;
  INSERT INTO customer_description_search (rowid, description, description_words)
  SELECT NEW.rowid, NEW.description_key,
    coalesce(NEW.description_words, char(1015810, 1015810) || substr(NEW.description_key, 1, 2))
  WHERE NEW.description_key IS NOT NULL;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member
  WHERE customer_id = NEW.id AND OLD.description_key IS NOT NULL AND NEW.description_key IS NULL;
  INSERT INTO customer_description_search (rowid, tenant)
  SELECT number, token FROM customer_search_member
  WHERE customer_id = NEW.id AND OLD.description_key IS NULL AND NEW.description_key IS NOT NULL;
END;

CREATE TRIGGER customer_search_delete BEFORE DELETE ON customer
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE customer_id = OLD.id;
  INSERT INTO customer_search (customer_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member WHERE customer_id = OLD.id AND is_described;
  INSERT INTO customer_description_search (customer_description_search, rowid, description, description_words)
  SELECT 'delete', OLD.rowid, OLD.description_key,
    coalesce(OLD.description_words, char(1015810, 1015810) || substr(OLD.description_key, 1, 2))
  WHERE OLD.description_key IS NOT NULL;
END;

CREATE TABLE membership (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customer_name_key TEXT NOT NULL,
  customer_updated_at INTEGER NOT NULL, created_by_type TEXT NOT NULL DEFAULT 'SYSTEM', created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL)), customer_description_sort TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_customer ON membership (customer_id, tenant_id);
CREATE INDEX membership_by_created ON membership (tenant_id, customer_deleted, customer_kind, customer_id);
CREATE INDEX membership_by_updated ON membership (tenant_id, customer_deleted, customer_kind, customer_updated_at, customer_id);
CREATE INDEX membership_by_name ON membership (tenant_id, customer_deleted, customer_kind, customer_name_key, customer_id);
CREATE INDEX membership_by_description
ON membership (tenant_id, customer_deleted, customer_kind, customer_description_sort, customer_id);

CREATE TRIGGER customer_search_join AFTER INSERT ON membership
BEGIN
  INSERT INTO customer_search (rowid, tenant) SELECT number, token FROM customer_search_member
  WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id;
  INSERT INTO customer_description_search (rowid, tenant) SELECT number, token FROM customer_search_member
  WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id AND is_described;
END;

CREATE TRIGGER customer_search_leave BEFORE DELETE ON membership
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.tenant_id AND customer_id = OLD.customer_id;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.tenant_id AND customer_id = OLD.customer_id AND is_described;
END;

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
, subject_version INTEGER) STRICT;
CREATE INDEX event_command ON event (command_id, type);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_subject ON event (subject_id, id);
CREATE INDEX event_actor ON event (actor_type, actor_id, id);

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

CREATE TABLE role (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('ORGANIZATION', 'CUSTOMER', 'TENANT')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  description TEXT,
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 100),
  built_in INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)), key_version INTEGER NOT NULL DEFAULT 1,
  -- What users and assignments refer to, so that nobody has a role of another scope.
  UNIQUE (id, scope)
) STRICT;
CREATE UNIQUE INDEX role_name ON role (scope, name_key);
CREATE INDEX role_former_keys ON role (id) WHERE key_version = 1;

CREATE TABLE role_permission (
  role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_permission_name ON role_permission (permission, role_id);

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
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1), key_version INTEGER NOT NULL DEFAULT 1, name_folded TEXT, name_words TEXT, name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL, email_folded TEXT, email_words TEXT, last_signed_in_at INTEGER, has_place INTEGER NOT NULL DEFAULT 1 CHECK (has_place IN (0, 1)),
  FOREIGN KEY (role_id, kind) REFERENCES role (id, scope),
  CHECK ((kind = 'TENANT') = (role_id IS NULL)),
  CHECK ((kind = 'CUSTOMER') = (customer_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX user_email ON user (email_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX user_external_id ON user (external_id_key) WHERE deleted_at IS NULL;
CREATE INDEX user_any_external_id ON user (external_id_key) WHERE external_id_key IS NOT NULL;
CREATE INDEX user_default_tenant ON user (default_tenant_id) WHERE default_tenant_id IS NOT NULL;
CREATE INDEX user_by_created ON user (deleted, status, id);
CREATE INDEX user_by_updated ON user (deleted, status, updated_at, id);
CREATE INDEX user_by_email ON user (deleted, status, email_key, id);
CREATE INDEX user_of_organization ON user (kind, deleted, status, id) WHERE kind = 'ORGANIZATION';
CREATE INDEX user_of_customer_by_created ON user (customer_id, deleted, status, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_of_customer_by_updated ON user (customer_id, deleted, status, updated_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_of_customer_by_email ON user (customer_id, deleted, status, email_key, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_without_customer ON user (deleted, status, id) WHERE customer_id IS NULL;
CREATE INDEX user_without_external_id ON user (deleted, status, id) WHERE external_id_key IS NULL;
CREATE INDEX user_role ON user (role_id, kind, deleted, status) WHERE role_id IS NOT NULL;
CREATE INDEX user_former_keys ON user (id) WHERE key_version = 1;
CREATE INDEX user_by_name ON user (deleted, status, name_sort, id);
CREATE INDEX user_of_customer_by_name ON user (customer_id, deleted, status, name_sort, id) WHERE customer_id IS NOT NULL;
CREATE INDEX user_without_place ON user (deleted, status, id) WHERE has_place = 0;

CREATE TRIGGER access_ends_with_user
AFTER UPDATE OF status, deleted_at, customer_deleted_at ON user
WHEN NEW.status = 'DEACTIVATED' OR NEW.deleted_at IS NOT NULL OR NEW.customer_deleted_at IS NOT NULL
BEGIN
  DELETE FROM session WHERE user_id = NEW.id;
  DELETE FROM mailed_link WHERE user_id = NEW.id;
END;

CREATE TRIGGER assignment_follows_user
AFTER UPDATE OF status, name_key, name_folded, email_key, updated_at, deleted_at, customer_deleted_at ON user
BEGIN
  UPDATE assignment
  SET user_deleted = NEW.deleted_at IS NOT NULL OR NEW.customer_deleted_at IS NOT NULL,
    user_status = (SELECT status FROM user WHERE id = NEW.id),
    user_name_key = NEW.name_sort,
    user_email_key = NEW.email_key,
    user_updated_at = NEW.updated_at
  WHERE user_id = NEW.id;
END;

CREATE TRIGGER access_follows_email
AFTER UPDATE OF email_key ON user
WHEN NEW.email_key <> OLD.email_key AND iif(OLD.key_version = 1, lower(NEW.email) <> lower(OLD.email), NEW.email <> OLD.email)
BEGIN
  DELETE FROM mailed_link WHERE user_id = NEW.id AND purpose = 'PASSWORD_RESET';
  INSERT OR IGNORE INTO mailed_link (user_id, purpose, created_at, expires_at)
  SELECT user_id, 'INVITATION', NEW.updated_at, NEW.updated_at FROM password
  WHERE user_id = NEW.id AND NEW.status <> 'DEACTIVATED' AND NEW.deleted_at IS NULL AND NEW.customer_deleted_at IS NULL;
  UPDATE mailed_link
  SET token_hash = NULL, handed_hash = NULL, handed_standing = NULL,
    created_at = NEW.updated_at, expires_at = NEW.updated_at + 7 * 24 * 60 * 60 * 1000,
    due_at = NEW.updated_at, attempts = 0, sent_at = NULL, last_error = NULL
  WHERE user_id = NEW.id;
  DELETE FROM password WHERE user_id = NEW.id;
  DELETE FROM session WHERE user_id = NEW.id;
END;

CREATE TRIGGER user_search_insert AFTER INSERT ON user
BEGIN
  INSERT INTO user_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER user_search_update
AFTER UPDATE OF name_key, name_folded, name_words, email_key, email_folded, email_words ON user
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
  OR NEW.email_key <> OLD.email_key OR NEW.email_folded IS NOT OLD.email_folded OR NEW.email_words IS NOT OLD.email_words
BEGIN
  INSERT INTO user_search (user_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO user_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER user_search_delete BEFORE DELETE ON user
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE user_id = OLD.id;
  INSERT INTO user_search (user_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
END;

CREATE TRIGGER access_follows_customer AFTER UPDATE OF customer_id ON user WHEN NEW.customer_id IS NOT OLD.customer_id
BEGIN
  UPDATE assignment SET user_customer_id = NEW.customer_id WHERE user_id = NEW.id;
  DELETE FROM session WHERE user_id = NEW.id;
  UPDATE mailed_link SET handed_hash = NULL, handed_standing = NULL, handed_expires_at = NULL WHERE user_id = NEW.id;
END;

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
CREATE INDEX assignment_of_role ON assignment (role_id, user_deleted, user_status, tenant_id, user_id);

CREATE TRIGGER default_tenant_follows_assignment AFTER DELETE ON assignment
BEGIN
  UPDATE user SET default_tenant_id = NULL WHERE id = OLD.user_id AND default_tenant_id = OLD.tenant_id;
END;

CREATE TRIGGER session_ends_with_assignment
AFTER DELETE ON assignment
BEGIN
  DELETE FROM session WHERE user_id = OLD.user_id AND tenant_id = OLD.tenant_id;
END;

CREATE TRIGGER user_search_assign AFTER INSERT ON assignment
BEGIN
  INSERT INTO user_search (rowid, tenant) SELECT number, token FROM user_search_member
  WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id;
END;

CREATE TRIGGER user_search_revoke BEFORE DELETE ON assignment
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id;
END;

CREATE TRIGGER place_begins_with_assignment AFTER INSERT ON assignment
BEGIN
  UPDATE user SET has_place = 1 WHERE id = NEW.user_id AND has_place = 0
    AND EXISTS (SELECT 1 FROM tenant WHERE id = NEW.tenant_id AND deleted_at IS NULL);
END;

CREATE TRIGGER place_ends_with_assignment AFTER DELETE ON assignment
BEGIN
  UPDATE user SET has_place = 0 WHERE id = OLD.user_id AND kind = 'TENANT' AND NOT EXISTS (
    SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = OLD.user_id);
END;

CREATE TABLE password (
  user_id TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER active_with_password AFTER INSERT ON password
BEGIN
  UPDATE user SET status = 'ACTIVE' WHERE id = NEW.user_id AND status = 'INVITED';
END;

CREATE TRIGGER invited_without_password AFTER DELETE ON password
BEGIN
  UPDATE user SET status = 'INVITED' WHERE id = OLD.user_id AND status = 'ACTIVE'
    AND NOT EXISTS (SELECT 1 FROM issued_identity WHERE user_id = OLD.user_id);
END;

CREATE TABLE mailed_link (
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('INVITATION', 'PASSWORD_RESET')),
  token_hash TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  due_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  last_error TEXT, handed_hash TEXT, handed_standing TEXT CHECK ((handed_standing IS NULL) = (handed_hash IS NULL)), earlier_hash TEXT, earlier_expires_at INTEGER
  CHECK ((earlier_expires_at IS NULL) = (earlier_hash IS NULL)), handed_expires_at INTEGER, invited_by_type TEXT, invited_by_id TEXT
  CHECK (invited_by_id IS NULL OR invited_by_type IN ('API_KEY', 'USER')),
  PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mailed_link_token ON mailed_link (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX mailed_link_due ON mailed_link (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX mailed_link_handed ON mailed_link (handed_hash) WHERE handed_hash IS NOT NULL;
CREATE UNIQUE INDEX mailed_link_earlier ON mailed_link (earlier_hash) WHERE earlier_hash IS NOT NULL;
CREATE INDEX mailed_link_invitations ON mailed_link (user_id) WHERE purpose = 'INVITATION';

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  tenant_id TEXT REFERENCES tenant (id) ON DELETE CASCADE,
  family_hash TEXT NOT NULL,
  refresh_hash TEXT NOT NULL,
  user_agent TEXT CHECK (length(user_agent) <= 256),
  created_at INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
, issuer_id TEXT REFERENCES trusted_issuer (id) ON DELETE CASCADE
  CHECK (issuer_id IS NULL OR tenant_id IS NULL)) STRICT;
CREATE INDEX session_user ON session (user_id, id);
CREATE INDEX session_tenant ON session (tenant_id) WHERE tenant_id IS NOT NULL;
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_issuer ON session (issuer_id) WHERE issuer_id IS NOT NULL;

CREATE TABLE attempt (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_since ON attempt (since);

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
  updated_at INTEGER NOT NULL, kind TEXT NOT NULL DEFAULT 'STANDARD' CHECK (kind IN ('STANDARD', 'EMBEDDED')),
  CHECK ((keys IS NULL) <> (jwks_url IS NULL))
) STRICT;
CREATE UNIQUE INDEX trusted_issuer_issuer ON trusted_issuer (issuer);

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

CREATE TABLE issued_identity (
  issuer_id TEXT NOT NULL REFERENCES trusted_issuer (id) ON DELETE CASCADE,
  external_id_hash TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  PRIMARY KEY (issuer_id, external_id_hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX issued_identity_user ON issued_identity (user_id);

CREATE TRIGGER active_with_identity AFTER INSERT ON issued_identity
BEGIN
  UPDATE user SET status = 'ACTIVE' WHERE id = NEW.user_id AND status = 'INVITED';
END;

CREATE TRIGGER invited_without_identity AFTER DELETE ON issued_identity
BEGIN
  UPDATE user SET status = 'INVITED' WHERE id = OLD.user_id AND status = 'ACTIVE'
    AND NOT EXISTS (SELECT 1 FROM password WHERE user_id = OLD.user_id);
END;

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
, key_version INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE UNIQUE INDEX data_source_external_id ON data_source (tenant_id, kind, external_id_key);
CREATE INDEX data_source_of_tenant ON data_source (tenant_id, kind, status, id, last_traffic_hour);
CREATE INDEX data_source_former_keys ON data_source (id) WHERE key_version = 1;

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

CREATE TABLE traffic_hour (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  hour INTEGER NOT NULL,
  events INTEGER NOT NULL,
  publish_errors INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX traffic_hour_hour ON traffic_hour (hour);

CREATE TABLE "api_key" (
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
  updated_at INTEGER NOT NULL, created_by_type TEXT, created_by_id TEXT
  CHECK (created_by_id IS NULL OR created_by_type IN ('API_KEY', 'USER')), name_sort TEXT NOT NULL GENERATED ALWAYS AS (lower(name)) VIRTUAL, idle_since INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(last_used_at, created_at)) VIRTUAL, expires_sort INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(expires_at, 9000000000000000)) VIRTUAL, revoked INTEGER NOT NULL GENERATED ALWAYS AS (revoked_at IS NOT NULL) VIRTUAL,
  CHECK (reach = 'CUSTOMER' OR customer_id IS NULL)
) STRICT;
CREATE INDEX api_key_customer ON api_key (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX api_key_name ON api_key (name_sort, id);
CREATE INDEX api_key_idle ON api_key (idle_since, id);
CREATE INDEX api_key_expiry ON api_key (expires_sort, id);
CREATE INDEX api_key_state ON api_key (revoked, expires_sort, id);
CREATE INDEX api_key_reach ON api_key (reach, id);
CREATE INDEX api_key_unused ON api_key (id) WHERE last_used_at IS NULL;

CREATE TABLE api_key_secret (
  id TEXT NOT NULL,
  api_key_id TEXT NOT NULL REFERENCES "api_key" (id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL CHECK (length(secret_hash) = 64),
  expires_at INTEGER,
  -- Of one that another took the place of before anybody used it: from when on it is gone, unless it has been used.
  unclaimed_until INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL, hint TEXT,
  PRIMARY KEY (api_key_id, id),
  CHECK (unclaimed_until IS NULL OR expires_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_key_secret_newest ON api_key_secret (api_key_id) WHERE expires_at IS NULL;

CREATE TABLE "api_key_permission" (
  api_key_id TEXT NOT NULL REFERENCES "api_key" (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (api_key_id, permission)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_permission_name ON api_key_permission (permission);

CREATE TABLE "api_key_tenant" (
  api_key_id TEXT NOT NULL REFERENCES "api_key" (id) ON DELETE CASCADE,
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  PRIMARY KEY (api_key_id, tenant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_tenant_tenant ON api_key_tenant (tenant_id, api_key_id);

CREATE TABLE idempotency_key (
  key_hash TEXT NOT NULL CHECK (length(key_hash) = 64),
  -- Which change of the request it is.
  field TEXT NOT NULL CHECK (length(field) = 64),
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  -- Its events say what was done. Ids of commands sort by time.
  command_id TEXT NOT NULL,
  record_type TEXT,
  record_id TEXT CHECK (record_id IS NULL OR record_type IS NOT NULL),
  -- Of an import, what became of each row, as JSON.
  imported TEXT,
  PRIMARY KEY (key_hash, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_key_command ON idempotency_key (command_id);

CREATE TABLE "customer_label" (
  label TEXT NOT NULL,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customer_name_sort TEXT NOT NULL,
  customer_description_sort TEXT NOT NULL,
  customer_updated_at INTEGER NOT NULL,
  PRIMARY KEY (label, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_label_customer ON customer_label (customer_id);
CREATE INDEX customer_label_by_created ON customer_label (label, customer_deleted, customer_kind, customer_id);
CREATE INDEX customer_label_by_updated
ON customer_label (label, customer_deleted, customer_kind, customer_updated_at, customer_id);
CREATE INDEX customer_label_by_name ON customer_label (label, customer_deleted, customer_kind, customer_name_sort, customer_id);
CREATE INDEX customer_label_by_description
ON customer_label (label, customer_deleted, customer_kind, customer_description_sort, customer_id);

CREATE TRIGGER label_count_up AFTER INSERT ON customer_label
BEGIN
  INSERT INTO label_count VALUES (NEW.label, NEW.customer_deleted, NEW.customer_kind, 1)
  ON CONFLICT DO UPDATE SET customers = customers + 1;
END;

CREATE TRIGGER label_count_down AFTER DELETE ON customer_label
BEGIN
  UPDATE label_count SET customers = customers - 1
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind;
  DELETE FROM label_count
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind AND customers = 0;
END;

CREATE TRIGGER label_count_moved AFTER UPDATE OF label, customer_deleted, customer_kind ON customer_label
WHEN NEW.label <> OLD.label OR NEW.customer_deleted <> OLD.customer_deleted OR NEW.customer_kind <> OLD.customer_kind
BEGIN
  UPDATE label_count SET customers = customers - 1
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind;
  DELETE FROM label_count
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind AND customers = 0;
  INSERT INTO label_count VALUES (NEW.label, NEW.customer_deleted, NEW.customer_kind, 1)
  ON CONFLICT DO UPDATE SET customers = customers + 1;
END;

CREATE VIRTUAL TABLE tenant_search USING fts5 (
  name, name_words,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

CREATE VIEW tenant_search_token (tenant_id, token) AS
SELECT id, char(983040 + (rowid >> 30 & 32767), 983040 + (rowid >> 15 & 32767), 983040 + (rowid & 32767)) FROM tenant;

CREATE VIRTUAL TABLE customer_search USING fts5 (
  name, name_words, email, email_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

CREATE VIEW customer_search_member (number, token, tenant_id, customer_id, is_described) AS
SELECT customer.rowid, token, membership.tenant_id, membership.customer_id, customer.description_key IS NOT NULL FROM membership
JOIN tenant_search_token ON tenant_search_token.tenant_id = membership.tenant_id
JOIN customer ON customer.id = membership.customer_id;

CREATE VIRTUAL TABLE customer_description_search USING fts5 (
  description, description_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

CREATE VIRTUAL TABLE user_search USING fts5 (
  name, name_words, email, email_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

CREATE VIEW user_search_member (number, token, tenant_id, user_id) AS
SELECT user.rowid, token, assignment.tenant_id, assignment.user_id FROM assignment
JOIN tenant_search_token ON tenant_search_token.tenant_id = assignment.tenant_id
JOIN user ON user.id = assignment.user_id;

CREATE TABLE label_count (
  label TEXT NOT NULL,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customers INTEGER NOT NULL,
  PRIMARY KEY (label, customer_deleted, customer_kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
  description TEXT,
  -- Null: all, those of later versions included.
  event_types TEXT CHECK (json_type(event_types) = 'array'),
  reach TEXT NOT NULL CHECK (reach IN ('ORGANIZATION', 'TENANTS')),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  -- Why it was disabled by itself: its address answered 410, or nothing but failures for days.
  disabled_because TEXT CHECK (disabled_because IN ('GONE', 'FAILING')),
  -- What deliveries are signed with. Whoever signs has to have it, so it is kept as it is.
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_secret_expires_at INTEGER,
  position INTEGER NOT NULL,
  -- Since when nothing was delivered, though it was tried.
  failing_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, wire TEXT NOT NULL DEFAULT 'STANDARD' CHECK (wire IN ('STANDARD', 'PLAIN')), wire_version TEXT CHECK ((wire = 'PLAIN') = (wire_version IS NOT NULL)), created_by_type TEXT NOT NULL DEFAULT 'SYSTEM', created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL)), updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM', updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL)),
  CHECK ((previous_secret IS NULL) = (previous_secret_expires_at IS NULL)),
  CHECK (disabled_because IS NULL OR enabled = 0)
) STRICT;
CREATE INDEX webhook_enabled ON webhook (id) WHERE enabled = 1;

CREATE TABLE webhook_permission (
  webhook_id TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (webhook_id, permission)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_permission_name ON webhook_permission (permission);

CREATE TABLE webhook_tenant (
  webhook_id TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  PRIMARY KEY (webhook_id, tenant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_tenant_tenant ON webhook_tenant (tenant_id, webhook_id);

CREATE TABLE webhook_delivery (
  webhook_id TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL,
  -- Not derived: a UUID, whose time is that of the first try.
  id TEXT NOT NULL,
  tries INTEGER NOT NULL CHECK (tries >= 0),
  tried_at INTEGER,
  -- Null where there was no answer: then problem says why.
  response_status INTEGER,
  response_milliseconds INTEGER,
  -- The first kilobyte of the answer.
  response TEXT,
  problem TEXT,
  delivered_at INTEGER,
  next_try_at INTEGER,
  PRIMARY KEY (webhook_id, event_id),
  CHECK (delivered_at IS NULL OR next_try_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_delivery_id ON webhook_delivery (id);
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id, id);

CREATE TABLE workspace_hmac (
  id TEXT PRIMARY KEY REFERENCES organization (id),
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by_type TEXT NOT NULL,
  created_by_id TEXT CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL)),
  updated_at INTEGER NOT NULL,
  updated_by_type TEXT NOT NULL,
  updated_by_id TEXT CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL))
) STRICT;
