-- What API keys are listed by, with an index for each order, and for each filter that is in no order.
ALTER TABLE api_key ADD COLUMN name_sort TEXT NOT NULL GENERATED ALWAYS AS (lower(name)) VIRTUAL;
-- When the key was last used; of one that never was, when it was made.
ALTER TABLE api_key ADD COLUMN idle_since INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(last_used_at, created_at)) VIRTUAL;
-- A key without an end comes behind all others.
ALTER TABLE api_key ADD COLUMN expires_sort INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(expires_at, 9000000000000000)) VIRTUAL;
ALTER TABLE api_key ADD COLUMN revoked INTEGER NOT NULL GENERATED ALWAYS AS (revoked_at IS NOT NULL) VIRTUAL;
CREATE INDEX api_key_name ON api_key (name_sort, id);
CREATE INDEX api_key_idle ON api_key (idle_since, id);
CREATE INDEX api_key_expiry ON api_key (expires_sort, id);
CREATE INDEX api_key_state ON api_key (revoked, expires_sort, id);
CREATE INDEX api_key_reach ON api_key (reach, id);
CREATE INDEX api_key_unused ON api_key (id) WHERE last_used_at IS NULL;
