-- Those whom the organization serves: companies and people.
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
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  CHECK (email IS NOT NULL OR email_verified = 0)
) STRICT;

CREATE UNIQUE INDEX customer_email ON customer (email_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_external_id ON customer (external_id_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_company_name ON customer (name_key) WHERE deleted_at IS NULL AND kind = 'COMPANY';
CREATE INDEX customer_any_external_id ON customer (external_id_key) WHERE external_id_key IS NOT NULL;

CREATE INDEX customer_by_created ON customer (deleted, kind, id);
CREATE INDEX customer_by_updated ON customer (deleted, kind, updated_at, id);
CREATE INDEX customer_by_name ON customer (deleted, kind, name_key, id);

-- Derived from customer.labels, for filtering.
CREATE TABLE customer_label (
  label TEXT NOT NULL,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  PRIMARY KEY (label, customer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_label_customer ON customer_label (customer_id);

CREATE TRIGGER customer_labelled AFTER INSERT ON customer WHEN NEW.labels <> '[]'
BEGIN
  INSERT INTO customer_label (label, customer_id) SELECT value, NEW.id FROM json_each(NEW.labels);
END;

CREATE TRIGGER customer_relabelled AFTER UPDATE OF labels ON customer WHEN NEW.labels <> OLD.labels
BEGIN
  DELETE FROM customer_label WHERE customer_id = NEW.id;
  INSERT INTO customer_label (label, customer_id) SELECT value, NEW.id FROM json_each(NEW.labels);
END;
