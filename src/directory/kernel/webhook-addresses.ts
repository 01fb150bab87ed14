import { isPublicHost } from './public-hosts.ts';

/** What is known of where a deployment stands, to judge addresses by. */
export interface Neighbourhood {
  /** The hosts of the deployment itself, in lower case. */
  ownHosts: readonly string[];
  /** Whether it runs on a person's own machine, whose addresses are as good as any. */
  isOwnMachine: boolean;
}

/**
 * Returns why events are not sent to a URL, as what is said of the input; null if they may be. What a public name stands for is
 * for the platform to refuse.
 */
export function problemOfAddress(address: string, { ownHosts, isOwnMachine }: Neighbourhood): string | null {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not have a user or a password';
  if (isOwnMachine) return null;
  if (url.protocol !== 'https:') return 'must be an https URL';
  // A dot at the end of a name changes nothing.
  if (ownHosts.includes(url.hostname.replace(/\.$/, ''))) return 'must not be an address of this deployment';
  return isPublicHost(url.hostname) ? null : 'must have a host with a public name';
}
