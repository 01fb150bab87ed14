-- The link of an invitation may be handed out to whoever invites, beside the one that is mailed: each is good until either
-- is used. It opens the account for who holds all that the user had then, and so is good only as long as the user has
-- neither more nor less.
ALTER TABLE mailed_link ADD COLUMN handed_hash TEXT;
ALTER TABLE mailed_link ADD COLUMN handed_standing TEXT CHECK ((handed_standing IS NULL) = (handed_hash IS NULL));

CREATE UNIQUE INDEX mailed_link_handed ON mailed_link (handed_hash) WHERE handed_hash IS NOT NULL;

-- As in 0011, and what was handed out ends as well.
DROP TRIGGER access_follows_email;
CREATE TRIGGER access_follows_email
AFTER UPDATE OF email_key ON user
WHEN NEW.email_key <> OLD.email_key
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
