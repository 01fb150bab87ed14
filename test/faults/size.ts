import { env } from 'cloudflare:workers';

/** How many of `whole` are tried: all, unless the environment variable FAULTS_SIZE says which part of them. Never none. */
export const sized = (whole: number): number => Math.max(1, Math.ceil(whole * env.FAULTS_SIZE));
