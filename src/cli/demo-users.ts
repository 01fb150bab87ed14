import { ACME, BRIGHTWATER, CORVID, CORVID_ADMIN, customers } from './demo.ts';

/* The users of the demo: the product's own team, and the users of its tenants and customers. All domains are reserved. */

interface DemoUser {
  name: string;
  email: string;
  status: 'ACTIVE' | 'INVITED' | 'DEACTIVATED';
  roleIdentifier?: { name: string };
  customerIdentifier?: { externalId: string };
  tenantRoles?: { tenantIdentifier: { externalId: string }; roleIdentifier: { name: string } }[];
}

type Status = DemoUser['status'];

const teamMember = (
  name: string,
  email: string,
  role: 'owner' | 'admin' | 'member' | 'viewer',
  status: Status = 'ACTIVE',
): DemoUser => ({ name, email, status, roleIdentifier: { name: role } });

function ofTenants(
  name: string,
  email: string,
  roles: Record<string, 'admin' | 'manage' | 'user' | 'view'>,
  status: Status = 'ACTIVE',
): DemoUser {
  const tenantRoles = Object.entries(roles).map(([externalId, role]) => ({
    tenantIdentifier: { externalId },
    roleIdentifier: { name: role },
  }));
  return { name, email, status, tenantRoles };
}

/** Returns a user of the customer whose own e-mail address has the same domain. */
function ofCustomer(name: string, email: string, role: 'admin' | 'member', status: Status = 'ACTIVE'): DemoUser {
  const domain = email.slice(email.indexOf('@'));
  const customer = customers.find(({ email: { address } }) => address.endsWith(domain));
  if (!customer) throw new Error(`No customer of the demo is ${domain}`);
  const customerIdentifier = { externalId: customer.externalId };
  return { name, email, status, roleIdentifier: { name: role }, customerIdentifier };
}

/** The users of the organization, in the order in which they are created. */
export const team = [
  teamMember('Marguerite Osei', 'marguerite.osei@shopkeep.example', 'owner'),
  teamMember('Anders Holmqvist', 'anders.holmqvist@shopkeep.example', 'admin'),
  teamMember('Priya Raghunathan', 'priya.raghunathan@shopkeep.example', 'admin'),
  teamMember('Tomás Echeverría', 'tomas.echeverria@shopkeep.example', 'member'),
  teamMember('Lucy Abernathy', 'lucy.abernathy@shopkeep.example', 'member'),
  teamMember('Kwabena Frimpong', 'kwabena.frimpong@shopkeep.example', 'member'),
  teamMember('Siobhán Keane', 'siobhan.keane@shopkeep.example', 'viewer'),
  teamMember('Yuki Matsuda', 'yuki.matsuda@shopkeep.example', 'viewer', 'INVITED'),
];

/** The users with roles in tenants only. */
export const tenantUsers = [
  ofTenants('Ingrid Solheim', CORVID_ADMIN, { [CORVID]: 'admin' }),
  ofTenants('Rashid Karimov', 'rashid.karimov@corvid.example', { [CORVID]: 'manage' }, 'INVITED'),
  ofTenants('Beatrix Holloway', 'beatrix.holloway@corvid.example', { [CORVID]: 'user' }, 'INVITED'),
  ofTenants('Wei-Lin Chao', 'weilin.chao@corvid.example', { [CORVID]: 'view' }, 'INVITED'),
  ofTenants('Marcus Delacroix', 'marcus.delacroix@acme.example', { [ACME]: 'admin' }),
  ofTenants('Naledi Dlamini', 'naledi.dlamini@acme.example', { [ACME]: 'admin' }),
  ofTenants('Owen Castellanos', 'owen.castellanos@acme.example', { [ACME]: 'manage' }),
  ofTenants('Ruth Abramson', 'ruth.abramson@acme.example', { [ACME]: 'manage' }),
  ofTenants('Teodora Ilić', 'teodora.ilic@acme.example', { [ACME]: 'user' }),
  ofTenants('Jamal Whitaker', 'jamal.whitaker@acme.example', { [ACME]: 'user' }),
  ofTenants('Ximena Paredes', 'ximena.paredes@acme.example', { [ACME]: 'user' }, 'INVITED'),
  ofTenants('Fiona Gallacher', 'fiona.gallacher@acme.example', { [ACME]: 'user' }, 'DEACTIVATED'),
  ofTenants('Caleb Northrup', 'caleb.northrup@acme.example', { [ACME]: 'view' }),
  ofTenants('Jana Petersen', 'jana.petersen@brightwater.example', { [BRIGHTWATER]: 'admin' }),
  ofTenants('Lukas Oberhauser', 'lukas.oberhauser@brightwater.example', { [BRIGHTWATER]: 'admin' }),
  ofTenants('Aylin Demirel', 'aylin.demirel@brightwater.example', { [BRIGHTWATER]: 'manage' }),
  ofTenants('Mateusz Wrona', 'mateusz.wrona@brightwater.example', { [BRIGHTWATER]: 'manage' }),
  ofTenants('Sanne van Dijk', 'sanne.vandijk@brightwater.example', { [BRIGHTWATER]: 'user' }),
  ofTenants('Henrike Asmussen', 'henrike.asmussen@brightwater.example', { [BRIGHTWATER]: 'user' }),
  ofTenants('Émile Garnier', 'emile.garnier@brightwater.example', { [BRIGHTWATER]: 'view' }, 'INVITED'),
  ofTenants('Zofia Kamińska', 'zofia@freightlane.example', { [ACME]: 'user', [BRIGHTWATER]: 'manage' }),
  ofTenants('Daniel Achterberg', 'daniel@ledgerwell.example', { [ACME]: 'view', [BRIGHTWATER]: 'view' }),
];

const ofCustomers = [
  ofCustomer('Nora Whitfield', 'nora.whitfield@alderfinch.example', 'admin'),
  ofCustomer('Samuel Adeyemi', 'samuel.adeyemi@alderfinch.example', 'member'),
  ofCustomer('Patricia Lindell', 'patricia.lindell@bluestem.example', 'admin'),
  ofCustomer('Rafael Montoya', 'rafael.montoya@cobaltridge.example', 'admin'),
  ofCustomer('Kirsten Yamada', 'kirsten.yamada@cobaltridge.example', 'member'),
  ofCustomer('Devon Blackwood', 'devon.blackwood@cobaltridge.example', 'member', 'INVITED'),
  ofCustomer('Leilani Kahale', 'leilani@driftline.example', 'admin'),
  ofCustomer('Grant Sutherland', 'grant.sutherland@emberoak.example', 'admin'),
  ofCustomer('Sigrid Haugen', 'sigrid.haugen@fjordheim.example', 'admin'),
  ofCustomer('Eirik Nordby', 'eirik.nordby@fjordheim.example', 'member'),
  ofCustomer('Alasdair Muir', 'alasdair@highmoor.example', 'admin'),
  ofCustomer('Imogen Pryce', 'imogen.pryce@larkspur.example', 'admin'),
  ofCustomer('Vikram Chaudhary', 'vikram.chaudhary@larkspur.example', 'member'),
  ofCustomer('Helena Forsyth', 'helena.forsyth@larkspur.example', 'member'),
  ofCustomer('Edmund Marlowe', 'edmund@marlowe.example', 'admin'),
  ofCustomer('Katrin Vogelsang', 'katrin.vogelsang@nordlicht.example', 'admin'),
  ofCustomer('Mehmet Aydin', 'mehmet.aydin@nordlicht.example', 'member'),
  ofCustomer('Giulia Ferraro', 'giulia@delponte.example', 'admin'),
  ofCustomer('Solène Charpentier', 'solene@petitmoulin.example', 'admin', 'INVITED'),
  ofCustomer('Callum Renwick', 'callum.renwick@quayside.example', 'admin'),
  ofCustomer('Miriam Rosenthal', 'miriam@rosenthal.example', 'admin'),
  ofCustomer('Oluwaseun Bakare', 'seun.bakare@verdant.example', 'admin'),
  ofCustomer('Harriet Mumford', 'harriet.mumford@verdant.example', 'member'),
  ofCustomer('Evelyn Strand', 'evelyn.strand@westbrook.example', 'admin'),
  ofCustomer('Javier Quintanilla', 'javier.quintanilla@westbrook.example', 'member'),
  ofCustomer('Mei-Hua Lin', 'meihua.lin@westbrook.example', 'member', 'INVITED'),
  ofCustomer('Xanthe Papadaki', 'xanthe@xanthewater.example', 'admin'),
  ofCustomer('Annelies Bakker', 'annelies.bakker@yarrow.example', 'admin'),
  ofCustomer('Piotr Sadowski', 'piotr.sadowski@yarrow.example', 'member'),
  ofCustomer('Rhys Penhaligon', 'rhys.penhaligon@beaconcal.example', 'admin'),
];

/** The users of customers, with external ids from `U-2001` on. */
export const customerUsers = ofCustomers.map((user, index) => ({ ...user, externalId: `U-${2001 + index}` }));
