import { randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Returns a new secret, as libraries for Standard Webhooks take one. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
