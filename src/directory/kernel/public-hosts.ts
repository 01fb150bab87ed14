/**
 * What names end in that are not in public DNS: reserved by an RFC or by ICANN, or given out by networks at home and at work.
 * Names for documentation (`.example`) are nobody's, and not refused.
 */
export const PRIVATE_SUFFIXES: readonly string[] = [
  'alt',
  'arpa',
  'cluster',
  'consul',
  'default',
  'docker',
  'corp',
  'dom',
  'home',
  'intern',
  'internal',
  'intra',
  'intranet',
  'invalid',
  'lan',
  'loc',
  'local',
  'localdomain',
  'localhost',
  'localnet',
  'lxd',
  'mail',
  'nas',
  'onion',
  'priv',
  'private',
  'router',
  'svc',
  'test',
  'vpn',
  'workgroup',
  // These have public names beside them.
  'fritz.box',
  'mshome.net',
  'ts.net',
  'ddev.site',
  'docksal.site',
  'lndo.site',
];

/** Services whose names, all or those that spell an address, stand for the machine that asks or for one on its network. */
export const WILDCARD_DNS_SERVICES: readonly string[] = [
  '127-0-0-1.org.uk',
  '1u.ms',
  '42foo.com',
  'backname.io',
  'beweb.com',
  'feacebook.com',
  'fuf.me',
  'lacolhost.com',
  'lcl.host',
  'local-ip.co',
  'local-ip.medicmobile.org',
  'local-ip.sh',
  'local.gd',
  'localcert.net',
  'localdev.me',
  'localh.st',
  'localho.st',
  'localhost.direct',
  'localhostcert.net',
  'localtest.me',
  'loopback.jp',
  'lvh.me',
  'nip.io',
  'ortkut.com',
  'plex.direct',
  'ratchetlocal.com',
  'rbndr.us',
  'smackaho.st',
  'sslip.io',
  'traefik.me',
  'ulh.us',
  'vcap.me',
  'xip.io',
  'xip.name',
  'yoogle.com',
];

const REFUSED: ReadonlySet<string> = new Set([...PRIVATE_SUFFIXES, ...WILDCARD_DNS_SERVICES]);

/** An IP address, as `URL` writes the host of one. */
const ADDRESS = /^\[|(^|\.)\d+$/;

/**
 * Returns whether a host, as `URL` writes it, is the same machine from everywhere: a name of several parts in public DNS,
 * and no address. What a name of somebody else's stands for is not looked up.
 */
export function isPublicHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  const labels = name.split('.');
  if (ADDRESS.test(name) || labels.length < 2 || labels.includes('')) return false;
  return !labels.some((_, index) => REFUSED.has(labels.slice(index).join('.')));
}
