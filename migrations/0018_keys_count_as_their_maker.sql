-- Whom the limits of a key count: the credential that made it, or whom that counts as; NULL: the key itself. Without this,
-- whoever may make keys would have each limit as often as they like.
ALTER TABLE api_key ADD COLUMN counts_as TEXT;
