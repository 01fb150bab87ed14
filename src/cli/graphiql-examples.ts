/** What GraphiQL opens with, one tab each, named after its operation. All of it works on the demo of `npm start`. */

export interface Example {
  query: string;
  variables?: Record<string, unknown>;
}

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
    query: `# Whose key it is, what it may do, and how far it sees.
query WhoAmI {
  viewer {
    type
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
