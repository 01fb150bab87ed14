-- ACTIVE is who has a password or the identity of a trusted issuer, and INVITED who has neither: a status cannot be given
-- to who never accepted. Only DEACTIVATED is switched by hand. The status follows without a version or an event.

-- As in 0008, but the status is that of the user by now: another trigger of one statement may have changed it.
DROP TRIGGER assignment_follows_user;
CREATE TRIGGER assignment_follows_user
AFTER UPDATE OF status, name_key, email_key, updated_at, deleted_at, customer_deleted_at ON user
BEGIN
  UPDATE assignment
  SET user_deleted = NEW.deleted_at IS NOT NULL OR NEW.customer_deleted_at IS NOT NULL,
    user_status = (SELECT status FROM user WHERE id = NEW.id),
    user_name_key = NEW.name_key,
    user_email_key = NEW.email_key,
    user_updated_at = NEW.updated_at
  WHERE user_id = NEW.id;
END;

CREATE TRIGGER active_with_password AFTER INSERT ON password
BEGIN
  UPDATE user SET status = 'ACTIVE' WHERE id = NEW.user_id AND status = 'INVITED';
END;

CREATE TRIGGER active_with_identity AFTER INSERT ON issued_identity
BEGIN
  UPDATE user SET status = 'ACTIVE' WHERE id = NEW.user_id AND status = 'INVITED';
END;

CREATE TRIGGER invited_without_password AFTER DELETE ON password
BEGIN
  UPDATE user SET status = 'INVITED' WHERE id = OLD.user_id AND status = 'ACTIVE'
    AND NOT EXISTS (SELECT 1 FROM issued_identity WHERE user_id = OLD.user_id);
END;

CREATE TRIGGER invited_without_identity AFTER DELETE ON issued_identity
BEGIN
  UPDATE user SET status = 'INVITED' WHERE id = OLD.user_id AND status = 'ACTIVE'
    AND NOT EXISTS (SELECT 1 FROM password WHERE user_id = OLD.user_id);
END;

-- Until now a status could be given.
UPDATE user SET status = 'INVITED' WHERE status = 'ACTIVE'
  AND NOT EXISTS (SELECT 1 FROM password WHERE user_id = user.id)
  AND NOT EXISTS (SELECT 1 FROM issued_identity WHERE user_id = user.id);
UPDATE user SET status = 'ACTIVE' WHERE status = 'INVITED'
  AND (EXISTS (SELECT 1 FROM password WHERE user_id = user.id)
    OR EXISTS (SELECT 1 FROM issued_identity WHERE user_id = user.id));
