-- How many customers carry a label, among the live and the hidden of each kind: a list of those who carry several labels goes
-- through those who carry the rarest of them. Without this, finding out which that is would read as much as it saves.
CREATE TABLE label_count (
  label TEXT NOT NULL,
  customer_deleted INTEGER NOT NULL,
  customer_kind TEXT NOT NULL,
  customers INTEGER NOT NULL,
  PRIMARY KEY (label, customer_deleted, customer_kind)
) STRICT, WITHOUT ROWID;
INSERT INTO label_count
SELECT label, customer_deleted, customer_kind, count(*) FROM customer_label GROUP BY label, customer_deleted, customer_kind;

CREATE TRIGGER label_count_up AFTER INSERT ON customer_label
BEGIN
  INSERT INTO label_count VALUES (NEW.label, NEW.customer_deleted, NEW.customer_kind, 1)
  ON CONFLICT DO UPDATE SET customers = customers + 1;
END;

CREATE TRIGGER label_count_down AFTER DELETE ON customer_label
BEGIN
  UPDATE label_count SET customers = customers - 1
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind;
  DELETE FROM label_count
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind AND customers = 0;
END;

-- A label is written anew only when it is overwritten, before it is erased: its count is overwritten with it.
CREATE TRIGGER label_count_moved AFTER UPDATE OF label, customer_deleted, customer_kind ON customer_label
WHEN NEW.label <> OLD.label OR NEW.customer_deleted <> OLD.customer_deleted OR NEW.customer_kind <> OLD.customer_kind
BEGIN
  UPDATE label_count SET customers = customers - 1
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind;
  DELETE FROM label_count
  WHERE label = OLD.label AND customer_deleted = OLD.customer_deleted AND customer_kind = OLD.customer_kind AND customers = 0;
  INSERT INTO label_count VALUES (NEW.label, NEW.customer_deleted, NEW.customer_kind, 1)
  ON CONFLICT DO UPDATE SET customers = customers + 1;
END;
