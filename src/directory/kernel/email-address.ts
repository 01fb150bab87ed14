import { nameOfCharacter } from './characters.ts';

/** How many characters SMTP allows before the @ (RFC 5321). */
const MAX_LOCAL_LENGTH = 64;
/** How many characters an e-mail address has at most, with its domain in ASCII. */
export const MAX_EMAIL_LENGTH = 254;
const TOO_LONG = `must be at most ${MAX_EMAIL_LENGTH} characters`;
/** As the domain name system allows. */
const MAX_LABEL_LENGTH = 63;

/** What may stand before the @ without quotes, between dots (RFC 5322, `atext`). */
const LOCAL = /^[\w!#$%&'*+/=?^`{|}~.-]+$/;
/** Letters, marks and digits of any script, hyphens, and the dots of East Asian scripts, which count as dots. */
const DOMAIN = /^[\p{L}\p{M}\p{N}.\u3002\uFF0E\uFF61-]+$/u;
const IPV4 = /^[\d.]+$/;

/** An address in its two parts. */
interface Parts {
  local: string;
  /** As it was written. */
  domain: string;
}

function partsOf(address: string): Parts {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, Math.max(at, 0)), domain: address.slice(at + 1) };
}

/** Returns a domain as `URL` spells it, in ASCII and lower case; null if it is none. */
function spelled(domain: string): string | null {
  return DOMAIN.test(domain) ? (URL.parse(`http://${domain}/`)?.hostname ?? null) : null;
}

/**
 * Returns why a text is no e-mail address that a mail server would take, as what is said of the input; null if it is one. What
 * only servers of old take, such as quotes around the part before the @, is refused by name.
 */
export function problemOfEmail(address: string): string | null {
  if (address.length > MAX_EMAIL_LENGTH) return TOO_LONG;
  const { local, domain } = partsOf(address);
  if (local === '' || domain === '') return 'must be an e-mail address';
  return problemOfLocal(local) ?? problemOfDomain(local, domain);
}

function problemOfLocal(local: string): string | null {
  if (local.startsWith('"')) return 'must not have quotes before the @';
  if (/\s/.test(local)) return 'must not have white space';
  if (local.includes('@')) return 'must have one @';
  const strange = [...local].find((character) => !LOCAL.test(character));
  if (strange !== undefined) return `must not have ${nameOfCharacter(strange)} before the @`;
  if (local.startsWith('.')) return 'must not begin with a dot';
  if (local.endsWith('.')) return 'must not have a dot before the @';
  if (local.includes('..')) return 'must not have two dots in a row';
  if (local.length > MAX_LOCAL_LENGTH) return `must have at most ${MAX_LOCAL_LENGTH} characters before the @`;
  return null;
}

const NO_NAME = 'must have the name of a domain behind the @, not an address of a network';

function problemOfDomain(local: string, domain: string): string | null {
  if (/\s/.test(domain)) return 'must not have white space';
  if (domain.startsWith('[')) return NO_NAME;
  const strange = [...domain].find((character) => !DOMAIN.test(character));
  if (strange !== undefined) return `must not have ${nameOfCharacter(strange)} in the domain`;
  const ascii = spelled(domain);
  if (ascii === null) return 'must have a valid domain';
  if (IPV4.test(ascii)) return NO_NAME;
  const labels = ascii.split('.');
  if (labels.includes('')) return 'must have one dot between the labels of the domain, and none at its end';
  if (labels.length < 2) return 'must have a dot in the domain';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) {
    return 'must not have a label in the domain that begins or ends with a hyphen';
  }
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH)) {
    return `must have at most ${MAX_LABEL_LENGTH} characters in each label of the domain`;
  }
  if (`${local}@${ascii}`.length > MAX_EMAIL_LENGTH) return TOO_LONG;
  return null;
}

/**
 * Returns an address with its domain as mail servers know it: in ASCII (IDNA), in lower case. A text that is no address stays
 * as it is.
 */
export function deliverable(address: string): string {
  const { local, domain } = partsOf(address);
  const ascii = spelled(domain);
  return local === '' || ascii === null ? address : `${local}@${ascii}`;
}

/** Returns the form of an address that is stored and compared in its place: without case, the domain as mail servers know it. */
export const keyOfEmail = (address: string): string => deliverable(address.trim()).toLowerCase();
