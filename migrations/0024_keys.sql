-- Records are compared by keys, and searched and sorted by folded texts. SQLite knows no Unicode, so TypeScript makes both.
-- The rules have changed: the keys of records that are there are of version 1 until they are given new ones, in steps. Until
-- then what is sorted and searched of them are these keys.
--
-- name_folded is the name as it is searched, name_words how its words begin, and name_sort what lists are sorted by.
-- email_folded and email_words are the same of an address. label_keys is what labels are compared by, in their order.
ALTER TABLE tenant ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tenant ADD COLUMN name_folded TEXT;
ALTER TABLE tenant ADD COLUMN name_words TEXT;
ALTER TABLE tenant ADD COLUMN name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL;
CREATE INDEX tenant_former_keys ON tenant (id) WHERE key_version = 1;
DROP INDEX tenant_by_name;
CREATE INDEX tenant_by_name ON tenant (deleted, status, name_sort, id);

ALTER TABLE customer ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE customer ADD COLUMN name_folded TEXT;
ALTER TABLE customer ADD COLUMN name_words TEXT;
ALTER TABLE customer ADD COLUMN name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL;
ALTER TABLE customer ADD COLUMN email_folded TEXT;
ALTER TABLE customer ADD COLUMN email_words TEXT;
ALTER TABLE customer ADD COLUMN description_words TEXT;
ALTER TABLE customer ADD COLUMN label_keys TEXT CHECK (json_type(label_keys) = 'array');
CREATE INDEX customer_former_keys ON customer (id) WHERE key_version = 1;
DROP INDEX customer_by_name;
CREATE INDEX customer_by_name ON customer (deleted, kind, name_sort, id);

ALTER TABLE user ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user ADD COLUMN name_folded TEXT;
ALTER TABLE user ADD COLUMN name_words TEXT;
ALTER TABLE user ADD COLUMN name_sort TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name_folded, name_key)) VIRTUAL;
ALTER TABLE user ADD COLUMN email_folded TEXT;
ALTER TABLE user ADD COLUMN email_words TEXT;
CREATE INDEX user_former_keys ON user (id) WHERE key_version = 1;
DROP INDEX user_by_name;
CREATE INDEX user_by_name ON user (deleted, status, name_sort, id);
DROP INDEX user_of_customer_by_name;
CREATE INDEX user_of_customer_by_name ON user (customer_id, deleted, status, name_sort, id) WHERE customer_id IS NOT NULL;

ALTER TABLE role ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX role_former_keys ON role (id) WHERE key_version = 1;
-- The names of built-in roles are plain letters, of which both rules make the same.
UPDATE role SET key_version = 2 WHERE built_in = 1;

ALTER TABLE data_source ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX data_source_former_keys ON data_source (id) WHERE key_version = 1;

-- What memberships and roles in tenants repeat of a name is what it is sorted by. The columns keep their names: a Worker of
-- the version before goes on with them until it is replaced.
DROP TRIGGER membership_follows_customer;
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

DROP TRIGGER assignment_follows_user;
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

-- Access ends with another address, and neither with another key of the same nor, of one with a key of version 1, with
-- another case.
DROP TRIGGER access_follows_email;
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

-- Labels repeat what customers are sorted by, as memberships do, so that an index serves each order among those who carry
-- one. The table is made anew, because a column of it could not be added without a value. Labels without keys are compared
-- without the case of plain letters, which is all that SQLite knows.
DROP TRIGGER customer_labelled;
DROP TRIGGER customer_relabelled;
CREATE TABLE customer_label_next (
  label TEXT NOT NULL,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customer_name_sort TEXT NOT NULL,
  customer_description_sort TEXT NOT NULL,
  customer_updated_at INTEGER NOT NULL,
  PRIMARY KEY (label, customer_id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO customer_label_next
SELECT lower(label), id, deleted, kind, name_sort, description_sort, updated_at
FROM customer_label JOIN customer ON customer.id = customer_label.customer_id ORDER BY lower(label), id;
DROP TABLE customer_label;
ALTER TABLE customer_label_next RENAME TO customer_label;

CREATE INDEX customer_label_customer ON customer_label (customer_id);
CREATE INDEX customer_label_by_created ON customer_label (label, customer_deleted, customer_kind, customer_id);
CREATE INDEX customer_label_by_updated
ON customer_label (label, customer_deleted, customer_kind, customer_updated_at, customer_id);
CREATE INDEX customer_label_by_name ON customer_label (label, customer_deleted, customer_kind, customer_name_sort, customer_id);
CREATE INDEX customer_label_by_description
ON customer_label (label, customer_deleted, customer_kind, customer_description_sort, customer_id);

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
