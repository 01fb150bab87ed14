-- Webhook targets of Plain: webhooks that are sent to in Plain's words, and that its API keeps. Its version says which.
ALTER TABLE webhook ADD COLUMN wire TEXT NOT NULL DEFAULT 'STANDARD' CHECK (wire IN ('STANDARD', 'PLAIN'));
ALTER TABLE webhook ADD COLUMN wire_version TEXT CHECK ((wire = 'PLAIN') = (wire_version IS NOT NULL));

ALTER TABLE webhook ADD COLUMN created_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE webhook ADD COLUMN created_by_id TEXT
  CHECK ((created_by_type IN ('ROOT', 'SYSTEM')) = (created_by_id IS NULL));
ALTER TABLE webhook ADD COLUMN updated_by_type TEXT NOT NULL DEFAULT 'SYSTEM';
ALTER TABLE webhook ADD COLUMN updated_by_id TEXT
  CHECK ((updated_by_type IN ('ROOT', 'SYSTEM')) = (updated_by_id IS NULL));

-- What deliveries to all targets of Plain are signed with, once there was a target. Their own secrets are empty.
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
