-- A product signs tokens for its own customers that name neither an issuer nor an audience, but the organization. Of such an
-- issuer, EMBEDDED, `issuer` is a value of its own, which stands in no token, and `audience` is empty.
ALTER TABLE trusted_issuer ADD COLUMN kind TEXT NOT NULL DEFAULT 'STANDARD' CHECK (kind IN ('STANDARD', 'EMBEDDED'));
