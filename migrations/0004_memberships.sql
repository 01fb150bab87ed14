-- Which customers belong to which tenants. The customer_* columns repeat what customers are sorted and filtered by, so
-- that whoever reaches one tenant only can page through its customers, in any order, without reading all of them.
CREATE TABLE membership (
  tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  customer_id TEXT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customer_name_key TEXT NOT NULL,
  customer_updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX membership_customer ON membership (customer_id, tenant_id);
CREATE INDEX membership_by_created ON membership (tenant_id, customer_deleted, customer_kind, customer_id);
CREATE INDEX membership_by_updated ON membership (tenant_id, customer_deleted, customer_kind, customer_updated_at, customer_id);
CREATE INDEX membership_by_name ON membership (tenant_id, customer_deleted, customer_kind, customer_name_key, customer_id);

CREATE TRIGGER membership_follows_customer
AFTER UPDATE OF kind, name_key, updated_at, deleted_at ON customer
BEGIN
  UPDATE membership
  SET customer_deleted = NEW.deleted_at IS NOT NULL,
    customer_kind = NEW.kind,
    customer_name_key = NEW.name_key,
    customer_updated_at = NEW.updated_at
  WHERE customer_id = NEW.id;
END;
