-- Webhooks: whom the feed of events is sent to. The feed is the outbox: `position` is the id of the last event that was looked
-- at for a webhook, so that what comes after it is still to be sent, whatever dies in between.
INSERT INTO permission (name, description) VALUES
  ('webhook:read', 'Read webhooks, and what was delivered to them.'),
  ('webhook:edit', 'Create, change and delete webhooks that hold no more than oneself, and send events again.');

-- The built-in roles that may do so with API keys.
INSERT INTO role_permission (role_id, permission)
SELECT role_id, 'webhook:read' FROM role_permission JOIN role ON role.id = role_id
WHERE permission = 'apiKey:read' AND built_in = 1;
INSERT INTO role_permission (role_id, permission)
SELECT role_id, 'webhook:edit' FROM role_permission JOIN role ON role.id = role_id
WHERE permission = 'apiKey:edit' AND built_in = 1;

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
  updated_at INTEGER NOT NULL,
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

-- What became of an event at a webhook. What was sent is not kept: it is read from the feed again for each try.
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
