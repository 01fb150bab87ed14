-- Users are listed by the role that they have, and a role that is in use says who has it: hidden users among many live ones
-- are found by the index alone, in all tenants or in some.
DROP INDEX user_role;
CREATE INDEX user_role ON user (role_id, kind, deleted, status) WHERE role_id IS NOT NULL;
CREATE INDEX assignment_of_role ON assignment (role_id, user_deleted, user_status, tenant_id, user_id);
