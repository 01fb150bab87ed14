import type { mailedLinks } from '../../db/schema/sign-in.ts';

/** What a mailed link is for. */
export type LinkPurpose = (typeof mailedLinks.purpose.enumValues)[number];
