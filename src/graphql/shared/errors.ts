import { brandWithType } from '@pothos/core';
import { MAX_HIDDEN_TAKEN_PER_HOUR } from '../../directory/access/rate-limits.ts';
import { documentationOf } from '../../directory/kernel/documentation.ts';
import {
  AlreadyExistsError,
  BuiltInRoleError,
  type DirectoryError,
  type ErrorClass,
  ForbiddenError,
  ImportRejectedError,
  type Issue,
  LastAdminError,
  LastOwnerError,
  NotFoundError,
  type PermissionHolder,
  PermissionInUseError,
  type Reference,
  RoleInUseError,
  type RoleUse,
  TooManyDataSourcesError,
  TooManyPermissionsError,
  TooManyRolesError,
  TooManySecretsError,
  TooManyWebhooksError,
  ValidationError,
  VersionConflictError,
} from '../../directory/kernel/errors.ts';
import { builder } from './builder.ts';
import { toGlobalId } from './ids.ts';
import { Node, toNode } from './node.ts';
import { COVERED, price } from './prices.ts';

/**
 * The interface of every error that a mutation answers. A type stands for a class of the kernel, and resolves from its
 * instances.
 */
export const MutationError = builder.interfaceRef<{ message: string; code: string }>('MutationError').implement({
  description:
    'Why a mutation changed nothing, or why a row of an import failed. Every error that a mutation can answer is one of these; each type says when it is thrown, and with which `code`.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'For people, in English. It may change; do not parse it.' }),
    code: t.exposeString('code', { description: 'For programs: stable, snake_case.' }),
    documentation: t.string({
      description: 'Where this deployment says what the code means and what to do, such as `/docs/errors#not_found`.',
      resolve: ({ code }) => documentationOf(code),
    }),
  }),
});

/**
 * Returns an error of one of these classes as it is answered beside others: GraphQL takes an Error that it is given for one
 * that was thrown.
 */
export function errorAsAnswer<Known extends DirectoryError>(
  error: Known,
  classes: readonly (ErrorClass | typeof ImportRejectedError)[],
): Known {
  const type = classes.find((known) => error instanceof known);
  if (!type) throw error;
  const answer = { ...error, message: error.message, code: error.code };
  brandWithType(answer, type);
  return answer;
}

const IssueKind = builder.enumType('ValidationIssueKind', {
  description: 'What is wrong with a part of an input.',
  values: {
    INVALID: { description: 'There is a value, but not one that is allowed here.' },
    REQUIRED: { description: 'There is no value, and there must be one.' },
  } as const,
});

const ValidationIssue = builder.objectRef<Issue>('ValidationIssue').implement({
  description: 'One thing that is wrong with an input.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'Where in the input, such as `billing.taxExempt` or `labels.2`; empty for the input as a whole.',
    }),
    message: t.exposeString('message', { description: 'What is wrong there, for people.' }),
    kind: t.expose('kind', { type: IssueKind, description: 'Whether a value is wrong or missing.' }),
  }),
});

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description:
    'Thrown when the input is not valid: `validation_failed`. All that is wrong with it is said at once, up to a hundred things.',
  interfaces: [MutationError],
  fields: (t) => ({
    issues: t.expose('issues', {
      type: [ValidationIssue],
      description: 'Everything that is wrong, with its path.',
      ...price(COVERED),
    }),
  }),
});

const MissingReference = builder.objectRef<Reference>('MissingReference').implement({
  description: 'A part of an input that refers to something that is not there.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where in the input, such as `tenantIdentifiers.1.externalId`.' }),
    message: t.exposeString('message', { description: 'What is not there, for people.' }),
  }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description:
    'Thrown when something that the input refers to does not exist, is deleted, or is out of your reach: `not_found`. The three look the same.',
  interfaces: [MutationError],
  fields: (t) => ({
    references: t.expose('references', {
      type: [MissingReference],
      description: 'Everything that was not found, with its path.',
      ...price(COVERED),
    }),
  }),
});

builder.objectType(AlreadyExistsError, {
  name: 'AlreadyExistsError',
  description: `Thrown when a value that must be unique belongs to another record: \`already_exists\`. Who may not make the change at all is not told. Up to ${MAX_HIDDEN_TAKEN_PER_HOUR} times an hour a credential is told so of records that it may not see; from then on every request that gives such a value fails with \`TOO_MANY_REQUESTS\`.`,
  interfaces: [MutationError],
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Which value of the record is taken, such as `externalId`.' }),
    existing: t.field({
      type: Node,
      nullable: true,
      description: 'The record that has the value; null when you may not read it.',
      resolve: ({ existing }) => existing && toNode(existing),
    }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description:
    'Thrown when you may not do this. `insufficient_permissions`: permissions are missing. `read_only_key`: the credential may only read. `out_of_reach`: the permissions are there, but what it takes lies beyond your reach. `not_signed_in`: only users who signed in may do it, and the credential is a key.',
  interfaces: [MutationError],
  fields: (t) => ({
    missingPermissions: t.stringList({
      description: 'The permissions that are needed and that you do not hold; empty when they are not the reason.',
      resolve: ({ missingPermissions }) => [...missingPermissions],
    }),
  }),
});

builder.objectType(VersionConflictError, {
  name: 'VersionConflictError',
  description:
    'Thrown when the record has another version than the one you expected, because somebody else changed it first: `version_conflict`. A key has it that is rotated without an overlap, if it was rotated in the last five seconds. A row of an import has it, too, when others changed what it names all the while.',
  interfaces: [MutationError],
  fields: (t) => ({
    current: t.field({
      type: Node,
      nullable: true,
      description: 'The record as it is now; null when you may not read it.',
      resolve: ({ current }) => current && toNode(current),
    }),
  }),
});

builder.objectType(LastOwnerError, {
  name: 'LastOwnerError',
  description:
    'Thrown when the organization would be left without an owner: `last_owner`. An owner is a live, ACTIVE user with the built-in role `owner`, or, if none is ACTIVE, any live one.',
  interfaces: [MutationError],
});

builder.objectType(LastAdminError, {
  name: 'LastAdminError',
  description:
    'Thrown when a tenant would be left without an admin: `last_admin`. An admin is a live, ACTIVE user with the built-in role `admin` there, or, if none is ACTIVE, any live one.',
  interfaces: [MutationError],
  fields: (t) => ({
    tenantIds: t.idList({
      description: 'The global ids of those tenants, as far as they are in your reach.',
      resolve: ({ tenantIds }) => tenantIds.map((id) => toGlobalId('Tenant', id)),
    }),
  }),
});

builder.objectType(BuiltInRoleError, {
  name: 'BuiltInRoleError',
  description:
    'Thrown when the role is one that every deployment has: `built_in_role`. It stays as it is; create another beside it.',
  interfaces: [MutationError],
});

const DeletedTenant = builder.objectRef<RoleUse['deletedTenants'][number]>('DeletedTenant').implement({
  description: 'A tenant that is deleted. It may come back, with all that belongs to it.',
  fields: (t) => ({
    id: t.id({ description: 'Its global id.', resolve: ({ id }) => toGlobalId('Tenant', id) }),
    name: t.exposeString('name', { description: 'Its name.' }),
  }),
});

builder.objectType(RoleInUseError, {
  name: 'RoleInUseError',
  description:
    'Thrown when somebody has the role, or a trusted issuer lists it: `role_in_use`. Name a `replacement`, or give them another first; `users` lists them with the filter `roleId`.',
  interfaces: [MutationError],
  fields: (t) => ({
    userCount: t.exposeInt('userCount', { description: 'How many users have it, deleted ones included.' }),
    liveUserCount: t.int({
      description: 'Those of them who are live and have it in the organization, in a customer or in a live tenant.',
      resolve: ({ use }) => use.liveUserCount,
    }),
    deletedUserCount: t.int({
      description: 'Those of them who are deleted, themselves or with their customer.',
      resolve: ({ use }) => use.deletedUserCount,
    }),
    deletedTenantUserCount: t.int({
      description: 'Those of them who are live, and have it in deleted tenants only.',
      resolve: ({ use }) => use.deletedTenantUserCount,
    }),
    deletedTenantCount: t.int({
      description: 'In how many deleted tenants anybody has it.',
      resolve: ({ use }) => use.deletedTenantCount,
    }),
    deletedTenants: t.field({
      type: [DeletedTenant],
      description: 'Those tenants by name, a hundred at most; none if you lack `tenant:read`.',
      ...price(COVERED),
      resolve: ({ use }) => [...use.deletedTenants],
    }),
    issuerCount: t.int({
      description: 'How many trusted issuers list it: no `replacement` takes it from these.',
      resolve: ({ use }) => use.issuerCount,
    }),
  }),
});

builder.objectType(TooManyRolesError, {
  name: 'TooManyRolesError',
  description:
    'Thrown when there are as many roles of this scope as there may be: `too_many_roles`. There may be 100, built-in ones included.',
  interfaces: [MutationError],
});

builder.objectType(TooManyDataSourcesError, {
  name: 'TooManyDataSourcesError',
  description:
    'Thrown when the tenant has as many pixels, or pipelines, as it may have: `too_many_data_sources`. It may have 1,000 of each.',
  interfaces: [MutationError],
});

builder.objectType(TooManySecretsError, {
  name: 'TooManySecretsError',
  description:
    'Thrown when the API key has as many secrets that are good as it may have: `too_many_secrets`. It may have 5. End one of the older ones first, or wait.',
  interfaces: [MutationError],
});

builder.objectType(TooManyWebhooksError, {
  name: 'TooManyWebhooksError',
  description: 'Thrown when there are as many webhooks as there may be: `too_many_webhooks`. There may be 100.',
  interfaces: [MutationError],
});

builder.objectType(TooManyPermissionsError, {
  name: 'TooManyPermissionsError',
  description:
    'Thrown when the product has as many permissions of its own as it may have: `too_many_permissions`. It may have 200.',
  interfaces: [MutationError],
});

const HoldingRole = builder.objectRef<PermissionHolder>('HoldingRole').implement({
  description: 'A role that has a permission.',
  fields: (t) => ({
    id: t.id({ description: 'Its global id.', resolve: ({ id }) => toGlobalId('Role', id) }),
    name: t.exposeString('name', { description: 'Its name.' }),
  }),
});

const HoldingApiKey = builder.objectRef<PermissionHolder>('HoldingApiKey').implement({
  description: 'An API key that has a permission.',
  fields: (t) => ({
    id: t.id({ description: 'Its global id.', resolve: ({ id }) => toGlobalId('ApiKey', id) }),
    name: t.exposeString('name', { description: 'Its name.' }),
  }),
});

builder.objectType(PermissionInUseError, {
  name: 'PermissionInUseError',
  description:
    'Thrown when a role other than `owner` has the permission, or an API key that can still be used: `permission_in_use`. Take it from these first.',
  interfaces: [MutationError],
  fields: (t) => ({
    roleCount: t.int({ description: 'How many roles have it.', resolve: ({ use }) => use.roleCount }),
    roles: t.field({
      type: [HoldingRole],
      description: 'Those roles by name, a hundred at most; none if you lack `role:read`.',
      ...price(COVERED),
      resolve: ({ use }) => [...use.roles],
    }),
    apiKeyCount: t.int({
      description: 'How many API keys have it that are neither revoked nor expired.',
      resolve: ({ use }) => use.apiKeyCount,
    }),
    apiKeys: t.field({
      type: [HoldingApiKey],
      description: 'Those API keys by name, a hundred at most; none if you lack `apiKey:read`.',
      ...price(COVERED),
      resolve: ({ use }) => [...use.apiKeys],
    }),
  }),
});

builder.objectType(ImportRejectedError, {
  name: 'ImportRejectedError',
  description:
    'Thrown when nothing is wrong with this row of an import, but with others, and the import was to be all or nothing: `import_rejected`.',
  interfaces: [MutationError],
});
