INSERT INTO permission (name, description) VALUES
  ('user:read', 'Read users, and the roles that they have.'),
  ('user:create', 'Create users, with roles that hold no more than oneself.'),
  ('user:edit', 'Change users and their roles in tenants, where they hold no more than oneself.'),
  ('user:delete', 'Delete and restore users who hold no more than oneself.'),
  ('role:edit', 'Create, change and delete roles that hold no more than oneself.');

UPDATE permission SET description = 'Read roles, and the list of permissions that they can have.' WHERE name = 'role:read';

-- Named sets of permissions. The scope says where a user has the role: in the organization, in the customer that the
-- user belongs to, or in one tenant.
CREATE TABLE role (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('ORGANIZATION', 'CUSTOMER', 'TENANT')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
  name_key TEXT NOT NULL,
  description TEXT,
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 100),
  built_in INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)),
  -- What users and assignments refer to, so that nobody has a role of another scope.
  UNIQUE (id, scope)
) STRICT;

CREATE UNIQUE INDEX role_name ON role (scope, name_key);

CREATE TABLE role_permission (
  role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
  permission TEXT NOT NULL REFERENCES permission (name),
  PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;

CREATE INDEX role_permission_name ON role_permission (permission, role_id);

-- The same ids in every deployment, so that programs may know them.
INSERT INTO role (id, scope, name, name_key, level, built_in, description) VALUES
  ('00000000-0000-7000-8000-000000000101', 'ORGANIZATION', 'owner', 'owner', 100, 1, 'May do everything.'),
  ('00000000-0000-7000-8000-000000000102', 'ORGANIZATION', 'admin', 'admin', 80, 1, 'May do everything but rename the organization and edit roles.'),
  ('00000000-0000-7000-8000-000000000103', 'ORGANIZATION', 'member', 'member', 40, 1, 'Works with customers, and reads the rest.'),
  ('00000000-0000-7000-8000-000000000104', 'ORGANIZATION', 'viewer', 'viewer', 20, 1, 'Reads everything but API keys.'),
  ('00000000-0000-7000-8000-000000000201', 'CUSTOMER', 'admin', 'admin', 80, 1, 'Manages the users of one customer.'),
  ('00000000-0000-7000-8000-000000000202', 'CUSTOMER', 'member', 'member', 20, 1, 'Reads one customer and its users.'),
  ('00000000-0000-7000-8000-000000000301', 'TENANT', 'admin', 'admin', 80, 1, 'Manages one tenant: its profile, customers, users and API keys.'),
  ('00000000-0000-7000-8000-000000000302', 'TENANT', 'manage', 'manage', 60, 1, 'Manages the customers of one tenant.'),
  ('00000000-0000-7000-8000-000000000303', 'TENANT', 'user', 'user', 40, 1, 'Works with the customers of one tenant.'),
  ('00000000-0000-7000-8000-000000000304', 'TENANT', 'view', 'view', 20, 1, 'Reads one tenant, its customers and its users.');

INSERT INTO role_permission (role_id, permission)
SELECT '00000000-0000-7000-8000-000000000101', name FROM permission;

INSERT INTO role_permission (role_id, permission)
SELECT '00000000-0000-7000-8000-000000000102', name FROM permission WHERE name NOT IN ('organization:edit', 'role:edit');

INSERT INTO role_permission (role_id, permission)
SELECT role.id, given.value
FROM json_each('{
  "ORGANIZATION member": ["tenant:read", "customer:read", "customer:create", "customer:edit", "customerTenantMembership:create",
    "customerTenantMembership:delete", "user:read", "role:read", "event:read"],
  "ORGANIZATION viewer": ["tenant:read", "customer:read", "user:read", "role:read", "event:read"],
  "CUSTOMER admin": ["tenant:read", "customer:read", "user:read", "user:create", "user:edit", "user:delete", "role:read"],
  "CUSTOMER member": ["tenant:read", "customer:read", "user:read"],
  "TENANT admin": ["tenant:read", "tenant:edit", "customer:read", "customer:create", "customer:edit", "customer:delete",
    "customerTenantMembership:create", "customerTenantMembership:delete", "user:read", "user:create", "user:edit",
    "user:delete", "role:read", "apiKey:read", "apiKey:edit", "event:read"],
  "TENANT manage": ["tenant:read", "customer:read", "customer:create", "customer:edit", "customer:delete",
    "customerTenantMembership:create", "customerTenantMembership:delete", "user:read", "role:read", "event:read"],
  "TENANT user": ["tenant:read", "customer:read", "customer:create", "customer:edit", "user:read"],
  "TENANT view": ["tenant:read", "customer:read", "user:read"]
}') AS listed
JOIN role ON role.scope || ' ' || role.name = listed.key
JOIN json_each(listed.value) AS given;
