/** An operation that GraphiQL opens with, with its variables. */
export interface Example {
  query: string;
  variables?: Record<string, unknown>;
}

/** The operations that GraphiQL opens with, one tab each. All of them work on the demo of `npm start`. */
export const examples: readonly Example[] = [
  {
    query: `# Customers, and the tenants that each of them belongs to.
query CustomersWithTenants {
  customers(first: 25) {
    nodes {
      name
      email {
        address
        isVerified
      }
      tenants(first: 5) {
        nodes {
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  },
  {
    query: `# Customers, and the users that each of them has.
query CustomersWithUsers {
  customers(first: 25) {
    nodes {
      name
      users(first: 10) {
        nodes {
          name
          email
          status
          role {
            name
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# A list that is filtered, sorted and counted. What it looks for stands in the variables below.
query KeyAccountsByName($filter: CustomerFilter, $first: Int!) {
  customers(
    first: $first
    filter: $filter
    orderBy: { field: NAME, direction: ASC }
  ) {
    totalCount
    nodes {
      name
      labels
      createdAt
    }
  }
}
`,
    variables: { filter: { kinds: ['COMPANY'], labels: ['key-account'] }, first: 10 },
  },
  {
    query: `# A change answers its payload, or one of the errors that its type names. To run it twice changes nothing more.
mutation AddCustomerToTenants($input: AddCustomerToTenantsInput!) {
  addCustomerToTenants(input: $input) {
    ... on AddCustomerToTenantsPayload {
      customer {
        name
        tenants {
          nodes {
            name
          }
        }
      }
    }
    ... on MutationError {
      code
      message
    }
    ... on NotFoundError {
      references {
        path
      }
    }
  }
}
`,
    variables: {
      input: {
        customerIdentifier: { email: 'hello@driftline.example' },
        tenantIdentifiers: [{ externalId: 'acme-outfitters' }, { externalId: 'brightwater-foods' }],
      },
    },
  },
  {
    query: `# The users of a tenant. Each has one role there, and perhaps others in other tenants.
query UsersOfTenant($tenant: TenantIdentifier!) {
  tenantBy(identifier: $tenant) {
    name
    users(first: 25) {
      nodes {
        name
        email
        status
        tenantRoles(first: 5) {
          nodes {
            tenant {
              name
            }
            role {
              name
            }
          }
        }
      }
    }
  }
}
`,
    variables: { tenant: { externalId: 'acme-outfitters' } },
  },
  {
    query: `# The roles that team members can have, the highest first, and what each of them allows.
query OrganizationRoles {
  organizationRoles {
    name
    description
    isBuiltIn
    permissions(first: 100) {
      nodes {
        name
        description
      }
    }
  }
}
`,
  },
  {
    query: `# Up to 500 rows a request, each created, changed or left alone. To run it twice answers NOOP.
mutation ImportCustomers($input: ImportCustomersInput!) {
  importCustomers(input: $input) {
    ... on ImportCustomersPayload {
      rows {
        path
        outcome
        id
        errors {
          code
          message
        }
      }
    }
    ... on MutationError {
      code
      message
    }
  }
}
`,
    variables: {
      input: {
        errorPolicy: 'SKIP_FAILED',
        rows: [
          {
            externalId: 'C-1041',
            name: 'Elmfield Orchard Shop',
            email: { address: 'hello@elmfield.example', isVerified: true },
            labels: ['retail', 'uk'],
            tenantIdentifiers: [{ externalId: 'brightwater-foods' }],
          },
          { externalId: 'C-1002', labels: ['retail', 'key-account', 'us'] },
        ],
      },
    },
  },
  {
    query: `# Put your own address into the variables: it is mailed a link to choose a password. Then sign in at the top.
mutation InviteOwner($input: CreateOrganizationUserInput!) {
  createOrganizationUser(input: $input) {
    ... on CreateOrganizationUserPayload {
      user {
        status
      }
    }
    ... on MutationError {
      code
      message
    }
  }
}
`,
    variables: { input: { email: 'you@shopkeep.example', roleIdentifier: { name: 'owner' } } },
  },
  {
    query: `# Who is asking, by a key or signed in: what they may do, and how far they see.
query WhoAmI {
  viewer {
    type
    user {
      email
    }
    access
    permissions
    reach {
      kind
      tenantIds
    }
  }
}
`,
  },
  {
    query: `# The last changes. To follow the feed, ask with \`after\`: the last \`endCursor\` that you were given.
query EventFeed {
  events(last: 10) {
    nodes {
      type
      subjectId
      actor {
        type
      }
      after
      createdAt
    }
    pageInfo {
      endCursor
    }
  }
}
`,
  },
];
