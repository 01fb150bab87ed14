-- A link to a new password may be asked for by anybody. So a fresh one stays good beside a newer one: the token of the one
-- that was mailed before the last.
ALTER TABLE mailed_link ADD COLUMN earlier_hash TEXT;
ALTER TABLE mailed_link ADD COLUMN earlier_expires_at INTEGER
  CHECK ((earlier_expires_at IS NULL) = (earlier_hash IS NULL));

CREATE UNIQUE INDEX mailed_link_earlier ON mailed_link (earlier_hash) WHERE earlier_hash IS NOT NULL;

-- What a provider of mail says is for the operator, and not for who reads invitations.
UPDATE mailed_link
SET last_error = 'The mail service did not take the mail.'
WHERE last_error NOT IN (
  'No mail can be sent: EMAIL or MAIL_FROM is not set.',
  'No mail can be sent: PUBLIC_URL is not set.'
);

-- A link that an API key with an expiry handed out is good no longer than the key; NULL: as long as the one that is mailed.
-- It says something only beside handed_hash, with which it is set.
ALTER TABLE mailed_link ADD COLUMN handed_expires_at INTEGER;
