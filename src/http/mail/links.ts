import type { Caller } from '../../directory/access/viewer.ts';
import type { LinkPurpose } from '../../directory/kernel/link-purposes.ts';
import type { Environment } from '../shared/environment.ts';
import { LINK_PATHS } from '../shared/page.ts';

/**
 * Returns a function that makes the link of a purpose and a token. `url` is the public URL of the deployment. Without
 * it, the function returns null unless the environment names a page for the purpose.
 */
export function linksOf({ INVITATION_URL, PASSWORD_RESET_URL }: Environment, url: string | null): Caller['linkTo'] {
  const pages: Record<LinkPurpose, string | undefined> = {
    INVITATION: INVITATION_URL,
    PASSWORD_RESET: PASSWORD_RESET_URL,
  };
  return (purpose, token) => {
    const own = url === null ? undefined : `${url}${LINK_PATHS[purpose]}`;
    const given = pages[purpose] || own;
    if (given === undefined) return null;
    const page = new URL(given);
    // Behind the #, because browsers send that to nobody: it is in no log and in no Referer.
    page.hash = `token=${token}`;
    return page.href;
  };
}
