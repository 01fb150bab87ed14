-- A link that an API key with an expiry handed out is good no longer than the key; NULL: as long as the one that is mailed.
-- It says something only beside handed_hash, with which it is set.
ALTER TABLE mailed_link ADD COLUMN handed_expires_at INTEGER;
