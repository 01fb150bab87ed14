-- Search: which records have which three characters in what is searched of them, and how their words begin. All of it is
-- derived, and `npm run search:rebuild` runs this file again: it must stay one that can be run again. It takes the place of the
-- index that an earlier migration made.
--
-- A trigram has three characters, and people look for one or two as well. So words are indexed by their beginnings, behind a
-- private character that is written twice: it makes a trigram with the first character of a word, and one with the first two.
-- TypeScript makes these texts (kernel/folding.ts). Of a record with keys of version 1, the words are the beginning of its key.
-- There is one such character for names (1015808), one for addresses (1015809), and one for descriptions (1015810).
--
-- The indexes have no texts (content = ''), and neither the order nor the column of the characters (detail = none): what
-- they find is compared with the columns. What is deleted leaves them at once (secure-delete), so that a record that was
-- erased cannot be put together again from what is left.
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
DROP TRIGGER IF EXISTS customer_description_search_insert;
DROP TRIGGER IF EXISTS customer_description_search_update;
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
DROP TABLE IF EXISTS customer_description_search;
DROP TABLE IF EXISTS customer_search;
DROP TABLE IF EXISTS tenant_search;

CREATE VIRTUAL TABLE tenant_search USING fts5 (
  name, name_words,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO tenant_search (tenant_search, rank) VALUES ('secure-delete', 1);

INSERT INTO tenant_search (rowid, name, name_words)
SELECT rowid,
  name_sort,
  coalesce(name_words, char(1015808, 1015808) || substr(name_key, 1, 2))
FROM tenant;

CREATE TRIGGER tenant_search_insert AFTER INSERT ON tenant
BEGIN
  INSERT INTO tenant_search (rowid, name, name_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2))
  );
END;

CREATE TRIGGER tenant_search_update AFTER UPDATE OF name_key, name_folded, name_words ON tenant
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name, name_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2))
  );
  INSERT INTO tenant_search (rowid, name, name_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2))
  );
END;

CREATE TRIGGER tenant_search_delete AFTER DELETE ON tenant
BEGIN
  INSERT INTO tenant_search (tenant_search, rowid, name, name_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2))
  );
END;

-- Who reaches some tenants only searches among their records, and what is found there depends on nothing that lies beyond.
-- So each record has beside its own characters three that stand for a tenant, for each of its tenants: private ones, which
-- spell its rowid. They come and go by themselves, as an index without texts takes a row in parts.
CREATE VIEW tenant_search_token (tenant_id, token) AS
SELECT id, char(983040 + (rowid >> 30 & 32767), 983040 + (rowid >> 15 & 32767), 983040 + (rowid & 32767)) FROM tenant;

CREATE VIRTUAL TABLE customer_search USING fts5 (
  name, name_words, email, email_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO customer_search (customer_search, rank) VALUES ('secure-delete', 1);

CREATE VIEW customer_search_member (number, token, tenant_id, customer_id, is_described) AS
SELECT customer.rowid, token, membership.tenant_id, membership.customer_id, customer.description_key IS NOT NULL FROM membership
JOIN tenant_search_token ON tenant_search_token.tenant_id = membership.tenant_id
JOIN customer ON customer.id = membership.customer_id;

INSERT INTO customer_search (rowid, name, name_words, email, email_words)
SELECT rowid,
  name_sort,
  coalesce(name_words, char(1015808, 1015808) || substr(name_key, 1, 2)),
  coalesce(email_folded, email_key),
  coalesce(email_words, char(1015809, 1015809) || substr(email_key, 1, 2))
FROM customer;

INSERT INTO customer_search (rowid, tenant) SELECT number, token FROM customer_search_member ORDER BY number;

-- Descriptions are looked through by themselves, and have an index of their own. Who has none is not in it.
CREATE VIRTUAL TABLE customer_description_search USING fts5 (
  description, description_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO customer_description_search (customer_description_search, rank) VALUES ('secure-delete', 1);

INSERT INTO customer_description_search (rowid, description, description_words)
SELECT rowid,
  description_key,
  coalesce(description_words, char(1015810, 1015810) || substr(description_key, 1, 2))
FROM customer WHERE description_key IS NOT NULL;

INSERT INTO customer_description_search (rowid, tenant)
SELECT number, token FROM customer_search_member WHERE is_described ORDER BY number;

CREATE TRIGGER customer_search_insert AFTER INSERT ON customer
BEGIN
  INSERT INTO customer_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER customer_search_update
AFTER UPDATE OF name_key, name_folded, name_words, email_key, email_folded, email_words ON customer
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
  OR NEW.email_key IS NOT OLD.email_key OR NEW.email_folded IS NOT OLD.email_folded OR NEW.email_words IS NOT OLD.email_words
BEGIN
  INSERT INTO customer_search (customer_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO customer_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER customer_description_search_insert AFTER INSERT ON customer WHEN NEW.description_key IS NOT NULL
BEGIN
  INSERT INTO customer_description_search (rowid, description, description_words) VALUES (
    NEW.rowid,
    NEW.description_key,
    coalesce(NEW.description_words, char(1015810, 1015810) || substr(NEW.description_key, 1, 2))
  );
END;

-- The tenants of a customer come with a first description, and go with the last.
CREATE TRIGGER customer_description_search_update AFTER UPDATE OF description_key, description_words ON customer
WHEN NEW.description_key IS NOT OLD.description_key OR NEW.description_words IS NOT OLD.description_words
BEGIN
  INSERT INTO customer_description_search (customer_description_search, rowid, description, description_words)
  SELECT 'delete', OLD.rowid, OLD.description_key,
    coalesce(OLD.description_words, char(1015810, 1015810) || substr(OLD.description_key, 1, 2))
  WHERE OLD.description_key IS NOT NULL;
  INSERT INTO customer_description_search (rowid, description, description_words)
  SELECT NEW.rowid, NEW.description_key,
    coalesce(NEW.description_words, char(1015810, 1015810) || substr(NEW.description_key, 1, 2))
  WHERE NEW.description_key IS NOT NULL;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member
  WHERE customer_id = NEW.id AND OLD.description_key IS NOT NULL AND NEW.description_key IS NULL;
  INSERT INTO customer_description_search (rowid, tenant)
  SELECT number, token FROM customer_search_member
  WHERE customer_id = NEW.id AND OLD.description_key IS NULL AND NEW.description_key IS NOT NULL;
END;

CREATE TRIGGER customer_search_join AFTER INSERT ON membership
BEGIN
  INSERT INTO customer_search (rowid, tenant) SELECT number, token FROM customer_search_member
  WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id;
  INSERT INTO customer_description_search (rowid, tenant) SELECT number, token FROM customer_search_member
  WHERE tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id AND is_described;
END;

-- These three come before: with its record, a membership would be gone as well, and nobody could tell what to delete.
CREATE TRIGGER customer_search_leave BEFORE DELETE ON membership
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.tenant_id AND customer_id = OLD.customer_id;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.tenant_id AND customer_id = OLD.customer_id AND is_described;
END;

CREATE TRIGGER customer_search_delete BEFORE DELETE ON customer
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE customer_id = OLD.id;
  INSERT INTO customer_search (customer_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member WHERE customer_id = OLD.id AND is_described;
  INSERT INTO customer_description_search (customer_description_search, rowid, description, description_words)
  SELECT 'delete', OLD.rowid, OLD.description_key,
    coalesce(OLD.description_words, char(1015810, 1015810) || substr(OLD.description_key, 1, 2))
  WHERE OLD.description_key IS NOT NULL;
END;

CREATE TRIGGER customer_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO customer_search (customer_search, rowid, tenant) SELECT 'delete', number, token FROM customer_search_member
  WHERE tenant_id = OLD.id;
  INSERT INTO customer_description_search (customer_description_search, rowid, tenant)
  SELECT 'delete', number, token FROM customer_search_member WHERE tenant_id = OLD.id AND is_described;
END;

-- Users have what customers have: their roles in tenants are to them what memberships are to customers.
CREATE VIRTUAL TABLE user_search USING fts5 (
  name, name_words, email, email_words, tenant,
  content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

INSERT INTO user_search (user_search, rank) VALUES ('secure-delete', 1);

CREATE VIEW user_search_member (number, token, tenant_id, user_id) AS
SELECT user.rowid, token, assignment.tenant_id, assignment.user_id FROM assignment
JOIN tenant_search_token ON tenant_search_token.tenant_id = assignment.tenant_id
JOIN user ON user.id = assignment.user_id;

INSERT INTO user_search (rowid, name, name_words, email, email_words)
SELECT rowid,
  name_sort,
  coalesce(name_words, char(1015808, 1015808) || substr(name_key, 1, 2)),
  coalesce(email_folded, email_key),
  coalesce(email_words, char(1015809, 1015809) || substr(email_key, 1, 2))
FROM user;

INSERT INTO user_search (rowid, tenant) SELECT number, token FROM user_search_member ORDER BY number;

CREATE TRIGGER user_search_insert AFTER INSERT ON user
BEGIN
  INSERT INTO user_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
END;

CREATE TRIGGER user_search_update
AFTER UPDATE OF name_key, name_folded, name_words, email_key, email_folded, email_words ON user
WHEN NEW.name_sort <> OLD.name_sort OR NEW.name_words IS NOT OLD.name_words
  OR NEW.email_key <> OLD.email_key OR NEW.email_folded IS NOT OLD.email_folded OR NEW.email_words IS NOT OLD.email_words
BEGIN
  INSERT INTO user_search (user_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
  INSERT INTO user_search (rowid, name, name_words, email, email_words) VALUES (
    NEW.rowid,
    NEW.name_sort,
    coalesce(NEW.name_words, char(1015808, 1015808) || substr(NEW.name_key, 1, 2)),
    coalesce(NEW.email_folded, NEW.email_key),
    coalesce(NEW.email_words, char(1015809, 1015809) || substr(NEW.email_key, 1, 2))
  );
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
  INSERT INTO user_search (user_search, rowid, name, name_words, email, email_words) VALUES (
    'delete',
    OLD.rowid,
    OLD.name_sort,
    coalesce(OLD.name_words, char(1015808, 1015808) || substr(OLD.name_key, 1, 2)),
    coalesce(OLD.email_folded, OLD.email_key),
    coalesce(OLD.email_words, char(1015809, 1015809) || substr(OLD.email_key, 1, 2))
  );
END;

CREATE TRIGGER user_search_tenant_delete BEFORE DELETE ON tenant
BEGIN
  INSERT INTO user_search (user_search, rowid, tenant) SELECT 'delete', number, token FROM user_search_member
  WHERE tenant_id = OLD.id;
END;
