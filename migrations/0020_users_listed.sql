-- Users who belong to no customer, and those without an external id, are listed by the order of their ids: among many
-- users there may be few of either, and no other index leads to them.
CREATE INDEX user_without_customer ON user (deleted, status, id) WHERE customer_id IS NULL;
CREATE INDEX user_without_external_id ON user (deleted, status, id) WHERE external_id_key IS NULL;
