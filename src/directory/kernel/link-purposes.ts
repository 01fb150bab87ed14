import type { mailedLinks } from '../../db/schema/sign-in.ts';

/** What a mailed link lets a user do: join the organization, or choose a new password. */
export type LinkPurpose = (typeof mailedLinks.purpose.enumValues)[number];
