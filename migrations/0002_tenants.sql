-- Accounts of the product that the organization sells. The *_key columns hold what is compared: trimmed, lower-case.
CREATE TABLE tenant (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  external_id TEXT CHECK (length(external_id) BETWEEN 1 AND 256),
  external_id_key TEXT CHECK ((external_id IS NULL) = (external_id_key IS NULL)),
  url TEXT,
  description TEXT,
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'PENDING', 'DEACTIVATED')),
  partner_managed INTEGER NOT NULL CHECK (partner_managed IN (0, 1)),
  event_enrichment INTEGER NOT NULL CHECK (event_enrichment IN (0, 1)),
  test INTEGER NOT NULL CHECK (test IN (0, 1)),

  company_name TEXT,
  vat_id TEXT,
  tax_type TEXT,
  tax_exempt TEXT NOT NULL CHECK (tax_exempt IN ('NONE', 'EXEMPT', 'REVERSE')),
  is_business_customer INTEGER NOT NULL CHECK (is_business_customer IN (0, 1)),
  is_invoice_pending INTEGER NOT NULL CHECK (is_invoice_pending IN (0, 1)),
  one_time_payment_valid_through TEXT,
  billing_address TEXT CHECK (json_type(billing_address) = 'object'),
  shipping_address TEXT CHECK (json_type(shipping_address) = 'object'),

  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  deleted INTEGER NOT NULL GENERATED ALWAYS AS (deleted_at IS NOT NULL) VIRTUAL,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1)
) STRICT;

CREATE UNIQUE INDEX tenant_external_id ON tenant (external_id_key) WHERE deleted_at IS NULL;
CREATE INDEX tenant_any_external_id ON tenant (external_id_key) WHERE external_id_key IS NOT NULL;

-- One index for each order offered. An id is a UUIDv7, so the order of ids is the order of creation.
CREATE INDEX tenant_by_created ON tenant (deleted, status, id);
CREATE INDEX tenant_by_updated ON tenant (deleted, status, updated_at, id);
CREATE INDEX tenant_by_name ON tenant (deleted, status, name_key, id);
