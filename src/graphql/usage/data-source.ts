import { tenantsByIds } from '../../directory/tenants/queries.ts';
import {
  type DataSourceKind,
  dataSourcesByIds,
  listDataSourcesOfTenants,
  PIPELINE,
  PIXEL,
} from '../../directory/usage/data-sources.ts';
import { builder } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { entityNode } from '../shared/node.ts';
import { reference } from '../shared/per-record.ts';
import { Tenant } from '../tenants/tenant.ts';

/** The statuses of pixels and pipelines alike. */
export const DataSourceStatus = builder.enumType('DataSourceStatus', {
  description: 'Whether a pixel or a pipeline is in use.',
  values: {
    ACTIVE: { description: 'It is in use.' },
    INACTIVE: {
      description: 'It is switched off, but still there. Traffic of an inactive pixel is counted all the same.',
    },
  } as const,
});

export const DATA_SOURCE_DESCRIPTIONS = {
  name: 'The name, 1 to 256 characters.',
  externalId:
    'Its id in your own system: unique among the pixels, or the pipelines, of its tenant, with regard to case.',
  status: 'Whether it is in use.',
} as const;

/** Returns the node type of one kind of data source, and adds the list of them to tenants. */
function dataSource(source: DataSourceKind, what: string) {
  const { name, word } = source;
  const Node = entityNode(name, (caller, ids) => dataSourcesByIds(caller, source, ids));
  Node.implement({
    description: `${what} Reading it needs \`tenant:read\`; callers who reach one customer see none.`,
    fields: (t) => ({
      name: t.exposeString('name', { description: DATA_SOURCE_DESCRIPTIONS.name }),
      externalId: t.exposeString('externalId', {
        nullable: true,
        description: `${DATA_SOURCE_DESCRIPTIONS.externalId} Null if there is none.`,
      }),
      status: t.expose('status', { type: DataSourceStatus, description: DATA_SOURCE_DESCRIPTIONS.status }),
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'The tenant that it belongs to. Needs `tenant:read`.',
        ...reference('tenantId', tenantsByIds),
      }),
      createdAt: t.expose('createdAt', { type: 'DateTime', description: `When the ${word} was registered.` }),
      updatedAt: t.expose('updatedAt', { type: 'DateTime', description: `When the ${word} was last changed.` }),
    }),
  });
  const Connection = builder.connectionObject(
    { type: Node, name: `${name}Connection`, description: `One page of ${word}s.` },
    { name: `${name}Edge`, description: `A ${word} at its place in a list.` },
  );
  builder.objectField(Tenant, `${word}s`, (t) =>
    t.connection(
      {
        type: Node,
        description: `The ${word}s of the tenant, the oldest first; none while it is deleted. Needs \`tenant:read\`.`,
        ...nestedList((caller, tenantIds, page) => listDataSourcesOfTenants(caller, source, tenantIds, page)),
      },
      Connection,
    ),
  );
  return Node;
}

export const Pixel = dataSource(PIXEL, 'Where events of a tenant come in.');
export const Pipeline = dataSource(PIPELINE, 'Where events of a tenant go on to.');
