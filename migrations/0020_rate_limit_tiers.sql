-- How many requests a key may make in a minute: the Worker has a limit for each tier, and the key names one.
ALTER TABLE api_key ADD COLUMN rate_limit_tier TEXT NOT NULL DEFAULT 'DEFAULT'
  CHECK (rate_limit_tier IN ('DEFAULT', 'HIGH'));
