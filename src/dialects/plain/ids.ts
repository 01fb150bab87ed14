/** Crockford's base 32. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 26;
/** 128 bits: the first of 26 digits has three of them. */
const SPELLED = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const PREFIXES = {
  Customer: 'c_',
  Tenant: 'te_',
  User: 'u_',
  ApiKey: 'mu_',
  Webhook: 'whTarget_',
  Organization: 'w_',
  Event: 'pEv_',
  Attempt: 'whAttempt_',
} as const;
type PlainType = keyof typeof PREFIXES;

/** A UUID as Plain spells ids: a prefix that says of what, and the 128 bits as in a ULID. */
export function toPlainId(type: PlainType, uuid: string): string {
  const bits = BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(32)
    .padStart(LENGTH, '0');
  return PREFIXES[type] + [...bits].map((digit) => DIGITS[Number.parseInt(digit, 32)]).join('');
}

/** The UUID that is spelled so; null if it is no such id. */
export function fromPlainId(type: PlainType, given: string): string | null {
  const spelled = given.trim();
  const prefix = PREFIXES[type];
  const digits = spelled.slice(prefix.length).toUpperCase();
  if (!spelled.startsWith(prefix) || !SPELLED.test(digits)) return null;
  const bits = [...digits].reduce((sum, digit) => sum * 32n + BigInt(DIGITS.indexOf(digit)), 0n);
  return spelledUuid(bits.toString(16).padStart(32, '0'));
}

/** Returns 32 hexadecimal digits as a UUID is written. */
export const spelledUuid = (digits: string): string =>
  digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Returns the UUID that is spelled so. Anything else is handed on: a UUID is taken as one, and the rest names nothing. */
export const localId = (type: PlainType, given: string): string =>
  fromPlainId(type, given) ?? given.trim().toLowerCase();

const isPlainType = (type: string): type is PlainType => Object.hasOwn(PREFIXES, type);

/** Returns an id as Plain spells it; one of what Plain does not have, as it is. */
export const spelledId = (type: string, uuid: string): string => (isPlainType(type) ? toPlainId(type, uuid) : uuid);
