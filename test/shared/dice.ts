const BITS = 32;

/**
 * Chance that can be had again: the same seed throws the same. Take `seed` before a case, say it when the case fails,
 * and give it as ATTACK_SEED or FAULTS_SEED: that case is then the first of the run.
 */
export class Dice {
  /** What has the next throws in it, and never 0. */
  seed: number;

  constructor(seed: number) {
    this.seed = seed >>> 0 || 1;
  }

  /** A number from 0 up to this one, which is left out. */
  below(limit: number): number {
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed = (this.seed ^ (this.seed << 5)) >>> 0;
    return Math.floor((this.seed / 2 ** BITS) * limit);
  }

  /** Whether something happens that happens in `percent` of all cases. */
  happens(percent: number): boolean {
    return this.below(100) < percent;
  }

  one<Thing>(things: readonly Thing[]): Thing {
    const thing = things[this.below(things.length)];
    if (thing === undefined) throw new Error('There is nothing to choose from');
    return thing;
  }

  /** At most so many of these, each once. */
  some<Thing>(things: readonly Thing[], most: number): Thing[] {
    const left = [...things];
    const count = Math.min(this.below(most + 1), left.length);
    return Array.from({ length: count }, () => left.splice(this.below(left.length), 1)).flat();
  }
}

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
