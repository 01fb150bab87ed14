/** The id of the role `owner` of the organization, as the migrations insert it. */
export const OWNER_ROLE_ID = '00000000-0000-7000-8000-000000000101';

/** The id of the role `admin` of tenants, as the migrations insert it. */
export const TENANT_ADMIN_ROLE_ID = '00000000-0000-7000-8000-000000000301';
