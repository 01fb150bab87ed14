-- What people sign in with, apart from the users themselves: no reader of users has any business here.
CREATE TABLE password (
  user_id TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that are mailed to a user, each good for one use: at most one of each purpose, so that a newer one ends the older.
-- The token is made when the mail is sent, and only its hash is kept; until then there is none. A link that is due has
-- not been mailed yet.
CREATE TABLE mailed_link (
  user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('INVITATION', 'PASSWORD_RESET')),
  token_hash TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  due_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  last_error TEXT,
  PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mailed_link_token ON mailed_link (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX mailed_link_due ON mailed_link (due_at) WHERE due_at IS NOT NULL;

-- Where a user is signed in. The tenant is the one that the session reaches; without one it reaches what the user's own
-- role does. Of the refresh tokens only the hash of the newest is kept, and that of what all of them have in common: by
-- it, an older one that is used again is told from an invented one. A session that has ended is not here any more.
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
) STRICT;

CREATE INDEX session_user ON session (user_id, id);
CREATE INDEX session_tenant ON session (tenant_id) WHERE tenant_id IS NOT NULL;
CREATE INDEX session_expiry ON session (expires_at);

-- How often something was tried that may be tried only so often: by hashes of e-mail addresses and of network addresses.
CREATE TABLE attempt (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_since ON attempt (since);

-- Whoever may not sign in is signed in nowhere, and has no link that would let them in. Coming back begins anew.
CREATE TRIGGER access_ends_with_user
AFTER UPDATE OF status, deleted_at, customer_deleted_at ON user
WHEN NEW.status = 'DEACTIVATED' OR NEW.deleted_at IS NOT NULL OR NEW.customer_deleted_at IS NOT NULL
BEGIN
  DELETE FROM session WHERE user_id = NEW.id;
  DELETE FROM mailed_link WHERE user_id = NEW.id;
END;

-- Another address may name somebody else: whoever knew the password, was signed in, or has what was mailed before, is out,
-- and what the new address is mailed is an invitation to choose a password.
CREATE TRIGGER access_follows_email
AFTER UPDATE OF email_key ON user
WHEN NEW.email_key <> OLD.email_key
BEGIN
  DELETE FROM mailed_link WHERE user_id = NEW.id AND purpose = 'PASSWORD_RESET';
  INSERT OR IGNORE INTO mailed_link (user_id, purpose, created_at, expires_at)
  SELECT user_id, 'INVITATION', NEW.updated_at, NEW.updated_at FROM password
  WHERE user_id = NEW.id AND NEW.status <> 'DEACTIVATED' AND NEW.deleted_at IS NULL AND NEW.customer_deleted_at IS NULL;
  UPDATE mailed_link
  SET token_hash = NULL, created_at = NEW.updated_at, expires_at = NEW.updated_at + 7 * 24 * 60 * 60 * 1000,
    due_at = NEW.updated_at, attempts = 0, sent_at = NULL, last_error = NULL
  WHERE user_id = NEW.id;
  DELETE FROM password WHERE user_id = NEW.id;
  DELETE FROM session WHERE user_id = NEW.id;
END;

-- A role in a tenant that is taken away ends what reaches the tenant by it.
CREATE TRIGGER session_ends_with_assignment
AFTER DELETE ON assignment
BEGIN
  DELETE FROM session WHERE user_id = OLD.user_id AND tenant_id = OLD.tenant_id;
END;

-- So does a tenant that is deleted, for everyone, and restoring it lets nobody in again.
CREATE TRIGGER session_ends_with_tenant
AFTER UPDATE OF deleted_at ON tenant
WHEN NEW.deleted_at IS NOT NULL
BEGIN
  DELETE FROM session WHERE tenant_id = NEW.id;
END;
