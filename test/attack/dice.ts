import { env } from 'cloudflare:workers';
import { Dice } from '../shared/dice.ts';

/** Dice with the seed that the environment variable ATTACK_SEED gives, or else with one that no run had before. */
export const newDice = (): Dice => new Dice(env.ATTACK_SEED || crypto.getRandomValues(new Uint32Array(1))[0] || 1);
