import { randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Returns a new secret that all targets of Plain are signed with: any text is one. */
export const newHmacSecret = (): string => randomBytes(SECRET_BYTES).toString('hex');

/** Returns a new secret, as libraries for Standard Webhooks take one. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
