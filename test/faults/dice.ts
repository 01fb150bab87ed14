import { env } from 'cloudflare:workers';
import { Dice } from '../shared/dice.ts';

/** Dice with the seed that the environment variable FAULTS_SEED gives, or else with one that no run had before. */
export const newDice = (): Dice => new Dice(env.FAULTS_SEED || crypto.getRandomValues(new Uint32Array(1))[0] || 1);

const ODD = 0x9e3779b1;

/**
 * Dice that throw nothing like those with a seed that is close by, or comes next. Without this, what one client does would
 * be what another one did.
 */
export function diceApart(seed: number): Dice {
  const once = Math.imul(seed ^ (seed >>> 15), ODD);
  const twice = Math.imul(once ^ (once >>> 13), ODD);
  return new Dice(twice ^ (twice >>> 16));
}
