-- Who created tenants, customers and memberships, and who changed tenants and customers last: the actors of their events.
-- A record without events was nobody's in particular.
ALTER TABLE tenant ADD COLUMN created_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE tenant ADD COLUMN created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL));
ALTER TABLE tenant ADD COLUMN updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE tenant ADD COLUMN updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL));

ALTER TABLE customer ADD COLUMN created_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE customer ADD COLUMN created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL));
ALTER TABLE customer ADD COLUMN updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE customer ADD COLUMN updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL));

ALTER TABLE membership ADD COLUMN created_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE membership ADD COLUMN created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL));

-- Of the rows of a group, SQLite answers the one that has the min or max.
UPDATE tenant SET created_by_type = first.actor_type, created_by_id = first.actor_id
FROM (SELECT subject_id, actor_type, actor_id, min(id) FROM event WHERE type GLOB 'tenant.*' GROUP BY subject_id) first
WHERE tenant.id = first.subject_id;

UPDATE tenant SET updated_by_type = last.actor_type, updated_by_id = last.actor_id
FROM (SELECT subject_id, actor_type, actor_id, max(id) FROM event WHERE type GLOB 'tenant.*' GROUP BY subject_id) last
WHERE tenant.id = last.subject_id;

UPDATE customer SET created_by_type = first.actor_type, created_by_id = first.actor_id
FROM (SELECT subject_id, actor_type, actor_id, min(id) FROM event WHERE type GLOB 'customer.*' GROUP BY subject_id) first
WHERE customer.id = first.subject_id;

UPDATE customer SET updated_by_type = last.actor_type, updated_by_id = last.actor_id
FROM (SELECT subject_id, actor_type, actor_id, max(id) FROM event WHERE type GLOB 'customer.*' GROUP BY subject_id) last
WHERE customer.id = last.subject_id;

-- A membership may have ended and begun again since.
UPDATE membership SET created_by_type = joined.actor_type, created_by_id = joined.actor_id
FROM (
  SELECT subject_id, after ->> 'tenantId' AS tenant_id, actor_type, actor_id, max(id)
  FROM event WHERE type = 'membership.created' GROUP BY subject_id, after ->> 'tenantId'
) joined
WHERE membership.customer_id = joined.subject_id AND membership.tenant_id = joined.tenant_id;
