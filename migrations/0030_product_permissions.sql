-- The product's own permissions stand beside the built-in ones, which migrations insert.
ALTER TABLE permission ADD COLUMN built_in INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1));
INSERT INTO permission (name, description) VALUES
  ('permission:edit', 'Create, change and delete permissions of the product.'),
  ('access:check', 'Ask whether a credential is good, whose it is, and what it may do.');
UPDATE permission SET built_in = 1;
UPDATE permission SET description = 'Create, change, rotate and revoke API keys that hold no more than oneself.'
WHERE name = 'apiKey:edit';

-- The built-in roles of the organization that write roles, and those that make API keys, by which a product's services ask.
-- No role of tenants: whoever may appoint admins there could do so no more.
INSERT INTO role_permission (role_id, permission)
SELECT role_id, 'permission:edit' FROM role_permission JOIN role ON role.id = role_id
WHERE permission = 'role:edit' AND built_in = 1 AND scope = 'ORGANIZATION';
INSERT INTO role_permission (role_id, permission)
SELECT role_id, 'access:check' FROM role_permission JOIN role ON role.id = role_id
WHERE permission = 'apiKey:edit' AND built_in = 1 AND scope = 'ORGANIZATION';

-- When the user last signed in. It changes neither version nor updated_at, and records no event.
ALTER TABLE user ADD COLUMN last_signed_in_at INTEGER;

-- Who invited; null for what was mailed before this was kept, and where an e-mail address changed by itself.
ALTER TABLE mailed_link ADD COLUMN invited_by_type TEXT;
ALTER TABLE mailed_link ADD COLUMN invited_by_id TEXT
  CHECK (invited_by_id IS NULL OR invited_by_type IN ('API_KEY', 'USER'));
CREATE INDEX mailed_link_invitations ON mailed_link (user_id) WHERE purpose = 'INVITATION';

-- Who made a key; null for keys of before. The hint is the first and the last characters of a secret, to tell keys apart.
ALTER TABLE api_key ADD COLUMN created_by_type TEXT;
ALTER TABLE api_key ADD COLUMN created_by_id TEXT
  CHECK (created_by_id IS NULL OR created_by_type IN ('API_KEY', 'USER'));
ALTER TABLE api_key_secret ADD COLUMN hint TEXT;
