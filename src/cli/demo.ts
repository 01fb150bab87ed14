/* The demo of `npm start`: three shops that use one product, and the customers they serve. All domains are reserved. */

export const ACME = 'acme-outfitters';
export const BRIGHTWATER = 'brightwater-foods';
export const CORVID = 'corvid-instruments';

/** The e-mail address of Corvid's first admin, who is created with the tenant. The import of users adds a name. */
export const CORVID_ADMIN = 'ingrid.solheim@corvid.example';

/** The tenants of the demo, as inputs of `createTenant`. */
export const tenants = [
  {
    name: 'Acme Outfitters',
    externalId: ACME,
    url: 'https://acme.example',
    description: 'Outdoor clothing and gear, wholesale and retail.',
    status: 'ACTIVE',
    billing: {
      companyName: 'Acme Outfitters Inc.',
      isBusinessCustomer: true,
      billingAddress: { line1: '12 Harbor Street', city: 'Portland', state: 'OR', postalCode: '97201', country: 'US' },
    },
  },
  {
    name: 'Brightwater Foods',
    externalId: BRIGHTWATER,
    url: 'https://brightwater.example',
    description: 'Organic groceries, delivered to restaurants and canteens.',
    status: 'ACTIVE',
    billing: {
      companyName: 'Brightwater Foods GmbH',
      isBusinessCustomer: true,
      taxExempt: 'REVERSE',
      billingAddress: { line1: 'Speicherweg 4', city: 'Hamburg', postalCode: '20457', country: 'DE' },
    },
  },
  {
    name: 'Corvid Instruments',
    externalId: CORVID,
    url: 'https://corvid.example',
    description: 'Measuring devices for laboratories. Moves over from its own system this quarter.',
    status: 'PENDING',
    partnerManaged: false,
    adminEmail: CORVID_ADMIN,
    billing: { companyName: 'Corvid Instruments Ltd.', isBusinessCustomer: true },
  },
] as const;

interface DemoCustomer {
  kind: 'COMPANY' | 'PERSON';
  name: string;
  email: { address: string; isVerified: boolean };
  labels: string[];
  tenantIdentifiers: { externalId: string }[];
}

function customer(kind: DemoCustomer['kind']) {
  return (name: string, address: string, labels: string[], ...externalIds: string[]): DemoCustomer => ({
    kind,
    name,
    email: { address, isVerified: !labels.includes('prospect') },
    labels,
    tenantIdentifiers: externalIds.map((externalId) => ({ externalId })),
  });
}

const company = customer('COMPANY');
const person = customer('PERSON');

/** The customers of the demo, as rows of an import, with external ids from `C-1001` on. */
export const customers = [
  company('Alder & Finch Furniture', 'purchasing@alderfinch.example', ['retail', 'us'], ACME),
  company('Bluestem Garden Supply', 'orders@bluestem.example', ['retail', 'us'], ACME),
  company('Cobalt Ridge Climbing', 'accounts@cobaltridge.example', ['wholesale', 'key-account', 'us'], ACME),
  company('Driftline Paddle Sports', 'hello@driftline.example', ['retail', 'us'], ACME),
  company('Ember & Oak Camps', 'office@emberoak.example', ['wholesale', 'us'], ACME, BRIGHTWATER),
  company('Fjordheim Expeditions', 'innkjop@fjordheim.example', ['wholesale', 'key-account', 'eu'], ACME, BRIGHTWATER),
  company('Granite Falls Ski School', 'desk@granitefalls.example', ['retail', 'us'], ACME),
  company('Highmoor Trail Runners', 'team@highmoor.example', ['retail', 'uk'], ACME),
  company('Ironwood Scouts Supply', 'stores@ironwood.example', ['non-profit', 'us'], ACME),
  company('Juniper Lane Boutique', 'buying@juniperlane.example', ['prospect', 'us'], ACME),
  company('Kitewing Surf Hire', 'rentals@kitewing.example', ['retail', 'us'], ACME),
  company('Larkspur Hotel Group', 'procurement@larkspur.example', ['key-account', 'uk'], ACME, BRIGHTWATER, CORVID),
  company('Marlowe & Sons Provisions', 'orders@marlowe.example', ['wholesale', 'uk'], BRIGHTWATER),
  company('Nordlicht Kantinen', 'einkauf@nordlicht.example', ['wholesale', 'key-account', 'eu'], BRIGHTWATER),
  company('Osteria del Ponte', 'cucina@delponte.example', ['restaurant', 'eu'], BRIGHTWATER),
  company('Petit Moulin Boulangerie', 'bonjour@petitmoulin.example', ['restaurant', 'eu'], BRIGHTWATER),
  company('Quayside Catering', 'events@quayside.example', ['catering', 'uk'], BRIGHTWATER),
  company('Rosenthal Feinkost', 'bestellung@rosenthal.example', ['retail', 'eu'], BRIGHTWATER),
  company('Saltmarsh Kitchen', 'chef@saltmarsh.example', ['restaurant', 'uk'], BRIGHTWATER),
  company('Tamarind Street Food', 'ops@tamarind.example', ['restaurant', 'at-risk', 'uk'], BRIGHTWATER),
  company('Ulmenhof Seniorenresidenz', 'kueche@ulmenhof.example', ['catering', 'eu'], BRIGHTWATER),
  company('Verdant School Meals', 'finance@verdant.example', ['non-profit', 'catering', 'uk'], BRIGHTWATER),
  company(
    'Westbrook University',
    'supplies@westbrook.example',
    ['education', 'key-account', 'us'],
    BRIGHTWATER,
    CORVID,
  ),
  company('Xanthe Water Research', 'lab@xanthewater.example', ['laboratory', 'us'], CORVID),
  company('Yarrow Diagnostics', 'purchasing@yarrow.example', ['laboratory', 'key-account', 'eu'], CORVID),
  company('Zephyr Weather Stations', 'parts@zephyr.example', ['manufacturing', 'us'], CORVID),
  company('Aster Pharma Trials', 'vendor@asterpharma.example', ['laboratory', 'prospect', 'eu'], CORVID),
  company('Beacon Calibration Services', 'service@beaconcal.example', ['partner', 'uk'], CORVID),
  company('Cinder Materials Testing', 'quality@cinder.example', ['laboratory', 'at-risk', 'us'], CORVID),
  company('Dunmore Dairy Cooperative', 'lab@dunmore.example', ['manufacturing', 'eu'], BRIGHTWATER, CORVID),
  person('Amara Okafor', 'amara.okafor@mail.example', ['newsletter', 'us'], ACME),
  person('Benedikt Lindner', 'b.lindner@post.example', ['newsletter', 'eu'], ACME, BRIGHTWATER),
  person('Chloe Marchetti', 'chloe@marchetti.example', ['us'], ACME),
  person('Diego Salinas', 'diego.salinas@mail.example', ['at-risk', 'us'], ACME),
  person('Elin Sandberg', 'elin.sandberg@post.example', ['newsletter', 'eu'], BRIGHTWATER),
  person('Farid Rahimi', 'farid@rahimi.example', ['eu'], BRIGHTWATER),
  person('Grace Whitcombe', 'grace.whitcombe@mail.example', ['newsletter', 'uk'], BRIGHTWATER),
  person('Hana Kobayashi', 'hana.kobayashi@lab.example', ['consultant', 'us'], CORVID),
  person('Isaac Brandt', 'isaac.brandt@lab.example', ['consultant', 'eu'], CORVID),
  person('Jolanta Mazur', 'jolanta.mazur@post.example', ['prospect', 'eu']),
].map((demo, index) => ({ ...demo, externalId: `C-${1001 + index}` }));
