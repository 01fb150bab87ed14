-- A user may move to another customer. Their tenant roles copy the customer, whose callers reach them no more: sessions end, and so
-- does a link that one of them was handed. The invitation that was mailed to the user's own address stays good.
CREATE TRIGGER access_follows_customer AFTER UPDATE OF customer_id ON user WHEN NEW.customer_id IS NOT OLD.customer_id
BEGIN
  UPDATE assignment SET user_customer_id = NEW.customer_id WHERE user_id = NEW.id;
  DELETE FROM session WHERE user_id = NEW.id;
  UPDATE mailed_link SET handed_hash = NULL, handed_standing = NULL, handed_expires_at = NULL WHERE user_id = NEW.id;
END;

-- Whether a user has a role anywhere: of their own, or in a tenant that is not deleted. It changes neither version nor updated_at.
-- Nobody is created without one, so that only those are written who lose it or get one again.
ALTER TABLE user ADD COLUMN has_place INTEGER NOT NULL DEFAULT 1 CHECK (has_place IN (0, 1));
CREATE INDEX user_without_place ON user (deleted, status, id) WHERE has_place = 0;

UPDATE user SET has_place = 0 WHERE kind = 'TENANT' AND NOT EXISTS (
  SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
  WHERE assignment.user_id = user.id);

CREATE TRIGGER place_begins_with_assignment AFTER INSERT ON assignment
BEGIN
  UPDATE user SET has_place = 1 WHERE id = NEW.user_id AND has_place = 0
    AND EXISTS (SELECT 1 FROM tenant WHERE id = NEW.tenant_id AND deleted_at IS NULL);
END;

CREATE TRIGGER place_ends_with_assignment AFTER DELETE ON assignment
BEGIN
  UPDATE user SET has_place = 0 WHERE id = OLD.user_id AND kind = 'TENANT' AND NOT EXISTS (
    SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = OLD.user_id);
END;

CREATE TRIGGER place_follows_tenant AFTER UPDATE OF deleted_at ON tenant
WHEN (NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)
BEGIN
  UPDATE user SET has_place = 1 - has_place
  WHERE id IN (SELECT user_id FROM assignment WHERE tenant_id = NEW.id) AND kind = 'TENANT' AND has_place <> EXISTS (
    SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = user.id);
END;
