import { keyOfEmail } from '../../directory/kernel/email-address.ts';
import { keyOfExternalId, keyOfName } from '../../directory/kernel/keys.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';

/** A value of a row that only one record can have. */
export interface UniqueValue {
  /** Where it is in the row. */
  at: string;
  /** What equal values of two rows have in common, as the directory compares them. */
  key: string;
  /** Whether nobody else can have it for sure. The name of a person may be that of others, and not every row says who is one. */
  isCertain: boolean;
}

const KEYS: Record<string, (value: string) => string> = {
  externalId: keyOfExternalId,
  email: keyOfEmail,
  'email.address': keyOfEmail,
  name: keyOfName,
};

/** Returns the values of a row that only one record can have. */
export function uniqueValues(type: ImportType, row: Row): UniqueValue[] {
  return Object.entries(candidates(type, row)).flatMap(([at, value]) => {
    const key = typeof value === 'string' ? KEYS[at]?.(value) : '';
    const isCertain = at !== 'name' || row.kind === 'COMPANY';
    return !key ? [] : [{ at, key: `${at} ${key}`, isCertain }];
  });
}

function candidates(type: ImportType, { externalId, email, name, kind }: Row): Row {
  if (type === 'tenants') return { externalId };
  if (type === 'users') return { externalId, email };
  return { externalId, 'email.address': addressIn(email), name: kind === 'PERSON' ? undefined : name };
}

const addressIn = (email: unknown) =>
  typeof email === 'object' && email !== null && 'address' in email ? email.address : undefined;
