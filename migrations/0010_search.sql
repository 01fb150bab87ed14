-- Search: which records have which three characters in their name or e-mail address. All of it is derived, and
-- `npm run search:rebuild` runs this file again: it must stay one that can be run again.
--
-- The indexes have no texts (content = ''), and neither the order nor the column of the characters (detail = none): what
-- they find is compared with the *_key columns. What is deleted leaves them at once (secure-delete), so that a record that
-- was erased cannot be put together again from what is left.
--
-- A row of an index has the rowid of its record. SQLite may number records anew when a dump is loaded, or in VACUUM: the
-- indexes must be rebuilt then.
DROP TRIGGER IF EXISTS tenant_search_insert;
DROP TRIGGER IF EXISTS tenant_search_update;
DROP TRIGGER IF EXISTS tenant_search_delete;
DROP TRIGGER IF EXISTS customer_search_insert;
DROP TRIGGER IF EXISTS customer_search_update;
DROP TRIGGER IF EXISTS customer_search_delete;
DROP TRIGGER IF EXISTS customer_search_join;
DROP TRIGGER IF EXISTS customer_search_leave;
DROP TRIGGER IF EXISTS customer_search_tenant_delete;
DROP TRIGGER IF EXISTS user_search_insert;
DROP TRIGGER IF EXISTS user_search_update;
DROP TRIGGER IF EXISTS user_search_delete;
DROP TRIGGER IF EXISTS user_search_assign;
DROP TRIGGER IF EXISTS user_search_revoke;
DROP TRIGGER IF EXISTS user_search_tenant_delete;
DROP VIEW IF EXISTS user_search_member;
DROP VIEW IF EXISTS customer_search_member;
DROP VIEW IF EXISTS tenant_search_token;
DROP TABLE IF EXISTS user_search;
DROP TABLE IF EXISTS customer_search;
DROP TABLE IF EXISTS tenant_search;

CREATE VIRTUAL TABLE tenant_search USING fts5 (
  name_key, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO tenant_search (tenant_search, rank) VALUES ('secure-delete', 1);

INSERT INTO tenant_search (rowid, name_key) SELECT rowid, name_key FROM tenant;

CREATE TRIGGER tenant_search_insert AFTER INSERT ON tenant
BEGIN
  INSERT INTO tenant_search (rowid, name_key) VALUES (NEW.rowid, NEW.name_key);
END;

CREATE TRIGGER tenant_search_update AFTER UPDATE OF name_key ON tenant WHEN NEW.name_key <> OLD.name_key
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name_key) VALUES ('delete', OLD.rowid, OLD.name_key);
  INSERT INTO tenant_search (rowid, name_key) VALUES (NEW.rowid, NEW.name_key);
END;

CREATE TRIGGER tenant_search_delete AFTER DELETE ON tenant
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name_key) VALUES ('delete', OLD.rowid, OLD.name_key);
END;

-- Who reaches some tenants only searches among their records, and what is found there depends on nothing that lies beyond.
-- So each record has beside its own characters three that stand for a tenant, for each of its tenants: private ones, which
-- spell its rowid. They come and go by themselves, as an index without texts takes a row in parts.
CREATE VIEW tenant_search_token (tenant_id, token) AS
SELECT id, char(983040 + (rowid >> 30 & 32767), 983040 + (rowid >> 15 & 32767), 983040 + (rowid & 32767)) FROM tenant;

CREATE VIRTUAL TABLE customer_search USING fts5 (
  name_key, email_key, tenant, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO customer_search (customer_search, rank) VALUES ('secure-delete', 1);

CREATE VIEW customer_search_member (number, token, tenant_id, customer_id) AS
SELECT customer.rowid, token, membership.tenant_id, membership.customer_id FROM membership
JOIN tenant_search_token ON tenant_search_token.tenant_id = membership.tenant_id
JOIN customer ON customer.id = membership.customer_id;

INSERT INTO customer_search (rowid, name_key, email_key) SELECT rowid, name_key, email_key FROM customer;

INSERT INTO customer_search (rowid, tenant) SELECT number, token FROM customer_search_member ORDER BY number;

CREATE TRIGGER customer_search_insert AFTER INSERT ON customer
BEGIN
  INSERT INTO customer_search (rowid, name_key, email_key) VALUES (NEW.rowid, NEW.name_key, NEW.email_key);
END;

CREATE TRIGGER customer_search_update AFTER UPDATE OF name_key, email_key ON customer
WHEN NEW.name_key <> OLD.name_key OR NEW.email_key IS NOT OLD.email_key
BEGIN
  INSERT INTO customer_search (customer_search, rowid, name_key, email_key)
  VALUES ('delete', OLD.rowid, OLD.name_key, OLD.email_key);
  INSERT INTO customer_search (rowid, name_key, email_key) VALUES (NEW.rowid, NEW.name_key, NEW.email_key);
END;

CREATE TRIGGER customer_search_join AFTER INSERT ON membership
BEGIN
  INSERT INTO customer_search (rowid, tenant) SELECT number, token FROM customer_search_member
  WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id;
END;

-- These three come before: with its record, a membership would be gone as well, and nobody could tell what to delete.
CREATE TRIGGER customer_search_leave BEFORE DELETE ON membership
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.tenant_id AND customer_id = OLD.customer_id;
END;

CREATE TRIGGER customer_search_delete BEFORE DELETE ON customer
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE customer_id = OLD.id;
  INSERT INTO customer_search (customer_search, rowid, name_key, email_key)
  VALUES ('delete', OLD.rowid, OLD.name_key, OLD.email_key);
END;

CREATE TRIGGER customer_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.id;
END;

-- Users have what customers have: their roles in tenants are to them what memberships are to customers.
CREATE VIRTUAL TABLE user_search USING fts5 (
  name_key, email_key, tenant, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO user_search (user_search, rank) VALUES ('secure-delete', 1);

CREATE VIEW user_search_member (number, token, tenant_id, user_id) AS
SELECT user.rowid, token, assignment.tenant_id, assignment.user_id FROM assignment
JOIN tenant_search_token ON tenant_search_token.tenant_id = assignment.tenant_id
JOIN user ON user.id = assignment.user_id;

INSERT INTO user_search (rowid, name_key, email_key) SELECT rowid, name_key, email_key FROM user;

INSERT INTO user_search (rowid, tenant) SELECT number, token FROM user_search_member ORDER BY number;

CREATE TRIGGER user_search_insert AFTER INSERT ON user
BEGIN
  INSERT INTO user_search (rowid, name_key, email_key) VALUES (NEW.rowid, NEW.name_key, NEW.email_key);
END;

CREATE TRIGGER user_search_update AFTER UPDATE OF name_key, email_key ON user
WHEN NEW.name_key <> OLD.name_key OR NEW.email_key <> OLD.email_key
BEGIN
  INSERT INTO user_search (user_search, rowid, name_key, email_key)
  VALUES ('delete', OLD.rowid, OLD.name_key, OLD.email_key);
  INSERT INTO user_search (rowid, name_key, email_key) VALUES (NEW.rowid, NEW.name_key, NEW.email_key);
END;

CREATE TRIGGER user_search_assign AFTER INSERT ON assignment
BEGIN
  INSERT INTO user_search (rowid, tenant) SELECT number, token FROM user_search_member
  WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id;
END;

-- Before, as those of customers.
CREATE TRIGGER user_search_revoke BEFORE DELETE ON assignment
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id;
END;

CREATE TRIGGER user_search_delete BEFORE DELETE ON user
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE user_id = OLD.id;
  INSERT INTO user_search (user_search, rowid, name_key, email_key)
  VALUES ('delete', OLD.rowid, OLD.name_key, OLD.email_key);
END;

CREATE TRIGGER user_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE tenant_id = OLD.id;
END;
