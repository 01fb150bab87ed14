-- Customers are filtered and sorted by their descriptions: description_key is the whole of one as it is compared, and
-- description_sort its first 64 characters, which are all that the order goes by. Memberships repeat the latter, as they do
-- with all that customers are sorted by.
--
-- Of descriptions that are there already, SQLite can lower the letters of ASCII only. The others are compared as they
-- should be from the next change of the description on.
ALTER TABLE customer ADD COLUMN description_key TEXT;
ALTER TABLE customer ADD COLUMN description_sort TEXT NOT NULL DEFAULT '';
UPDATE customer SET description_key = lower(description), description_sort = substr(lower(description), 1, 64)
WHERE description IS NOT NULL;

CREATE INDEX customer_by_description ON customer (deleted, kind, description_sort, id);

ALTER TABLE membership ADD COLUMN customer_description_sort TEXT NOT NULL DEFAULT '';
UPDATE membership SET customer_description_sort = customer.description_sort
FROM customer WHERE customer.id = membership.customer_id;

CREATE INDEX membership_by_description
ON membership (tenant_id, customer_deleted, customer_kind, customer_description_sort, customer_id);

DROP TRIGGER membership_follows_customer;

CREATE TRIGGER membership_follows_customer
AFTER UPDATE OF kind, name_key, description_sort, updated_at, deleted_at ON customer
BEGIN
  UPDATE membership
  SET customer_deleted = NEW.deleted_at IS NOT NULL,
    customer_kind = NEW.kind,
    customer_name_key = NEW.name_key,
    customer_description_sort = NEW.description_sort,
    customer_updated_at = NEW.updated_at
  WHERE customer_id = NEW.id;
END;
