-- What a change came to whose caller gave a key to repeat it under: for a day, a repetition is answered from it, and
-- changes nothing. Of the key and of the request only their SHA-256 is kept. The key's is of whom it belongs to as well.
CREATE TABLE idempotency_key (
  key_hash TEXT NOT NULL CHECK (length(key_hash) = 64),
  -- Which change of the request it is.
  field TEXT NOT NULL CHECK (length(field) = 64),
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  -- Its events say what was done. Ids of commands sort by time.
  command_id TEXT NOT NULL,
  record_type TEXT,
  record_id TEXT CHECK (record_id IS NULL OR record_type IS NOT NULL),
  -- Of an import, what became of each row, as JSON.
  imported TEXT,
  PRIMARY KEY (key_hash, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_key_command ON idempotency_key (command_id);
