import { beforeAll, describe, expect, it } from 'vitest';
import { PRIVATE_SUFFIXES, WILDCARD_DNS_SERVICES } from '../../src/directory/kernel/public-hosts.ts';
import { mutate, newCustomer, newTrustedIssuer, unique } from '../shared/fixtures.ts';
import { sized } from './size.ts';

let customerId: string;
let issuerId: string;
beforeAll(async () => {
  customerId = (await newCustomer()).id;
  issuerId = (await newTrustedIssuer(customerId)).id;
});

/** Whether an issuer with keys at this URL is refused for it, new or as a change. */
async function isRefused(jwksUrl: string): Promise<boolean> {
  const answers = [
    await mutate('createTrustedIssuer', 'trustedIssuer { id }', {
      name: unique('Issuer'),
      issuer: unique('issuer'),
      audience: 'https://tenantry.test',
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customerId }],
      jwksUrl,
    }),
    await mutate('updateTrustedIssuer', 'trustedIssuer { id }', { id: issuerId, jwksUrl }),
  ];
  const refused = answers.map(({ __typename, issues }) => {
    if (__typename !== 'ValidationError') return false;
    expect(issues).toEqual([{ path: 'jwksUrl', message: expect.stringMatching(/^must be an http/), kind: 'INVALID' }]);
    return true;
  });
  expect(new Set(refused).size, jwksUrl).toBe(1);
  return refused.includes(true);
}

/** A host in other spellings, which all mean the same. */
const spellings = (host: string): string[] => [
  host,
  `${host}.`,
  host.toUpperCase(),
  host.replaceAll('.', '\u3002'),
  host.replaceAll('.', '%2E'),
  // Full-width letters.
  host.replace(/[a-z]/, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  host.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  `${host}:8443`,
];

/** Each `of` list in turn gives some of its items, from a place that differs from run to run of another size. */
const some = <T>(items: readonly T[]): T[] => {
  const count = Math.min(items.length, Math.max(8, sized(items.length)));
  const step = items.length / count;
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * step)] as T);
};

/** What is refused by its last parts, written out here: no rule can be dropped from the lists without a word. */
const CONVENTIONS =
  `alt arpa cluster.local cluster consul corp fritz.box ddev.site home home.arpa internal intranet invalid lan local
  localdomain localhost mail onion private svc svc.cluster.local test google.internal docker.internal lndo.site`.split(
    /\s+/,
  );

const SERVICES =
  `nip.io sslip.io xip.io xip.name localtest.me lvh.me traefik.me vcap.me lacolhost.com yoogle.com fuf.me ulh.us
  localho.st local.gd lcl.host plex.direct rbndr.us 1u.ms localdev.me`.split(/\s+/);

describe('the keys of an issuer are read from no host', () => {
  it('that is private by convention, however it is spelled', async () => {
    for (const suffix of [...CONVENTIONS, ...some(PRIVATE_SUFFIXES)]) {
      for (const host of suffix.includes('.') ? [`keys.${suffix}`, suffix] : [`keys.${suffix}`, `a.b.c.${suffix}`]) {
        expect(await isRefused(`https://${host}/jwks.json`), host).toBe(true);
      }
    }
    for (const host of ['keys.corp', 'idp.svc.cluster.local', 'keys.home.arpa']) {
      for (const spelled of spellings(host)) expect(await isRefused(`https://${spelled}/`), spelled).toBe(true);
    }
  });

  it('of a service whose names stand for private addresses', async () => {
    for (const service of [...SERVICES, ...some(WILDCARD_DNS_SERVICES)]) {
      for (const host of [service, `10.0.0.1.${service}`, `keys-192-168-0-1.${service}`]) {
        expect(await isRefused(`https://${host}/`), host).toBe(true);
      }
    }
    for (const host of ['127.0.0.1.nip.io', 'app.10-8-0-1.sslip.io', 'keys.localtest.me']) {
      for (const spelled of spellings(host)) expect(await isRefused(`https://${spelled}/`), spelled).toBe(true);
    }
  });

  it('that is an address or has a single name, or none', async () => {
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '2130706433',
      '169.254.169.254',
      '8.8.8.8',
      '１２７.0.0.1',
      '①②⑦.0.0.1',
      '[::1]',
      '[::ffff:10.0.0.1]',
      '[fd00::1]',
      'intranet',
      'com',
      'keys',
      'keys.',
      'keys..',
      'keys.example.com..',
      'keys..example.com',
      '.example.com',
      '',
      '.',
      'user@keys.example.com',
      'keys.example.com@10.0.0.1',
      'keys.example.com\\@lvh.me',
      'xn--',
      '%00',
      'a'.repeat(300),
    ]) {
      const refused = await isRefused(`https://${host}/`);
      // `URL` reads a backslash as a slash: the host is what stands before it.
      expect(refused, host).toBe(!host.includes('\\'));
    }
  });
});

describe('the keys of an issuer are read from a public host', () => {
  it('also from one whose name only looks like one of those', async () => {
    for (const host of [
      'keys.example.com',
      'KEYS.example.com.',
      'lan.example.com',
      'corp.example.com',
      'svc.cluster.local.example.com',
      'mylan.com',
      'notnip.io',
      'nip.io.example.com',
      'local.com',
      'internal-keys.org',
      'home.co',
      'box.net',
      'xn--bcher-kva.example',
      'bücher.example',
      'login.microsoftonline.com',
      '127.0.0.1.example.com',
      'keys.example.com:8443',
      '1password.com',
    ]) {
      expect(await isRefused(`https://${host}/jwks.json`), host).toBe(false);
    }
  });
});
