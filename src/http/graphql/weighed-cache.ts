/** A cache that forgets what was asked for the longest time ago, so that what it holds weighs no more than it may. */
export class WeighedCache<Value> {
  readonly #values = new Map<string, { value: Value; weight: number }>();
  readonly #maxWeight: number;
  readonly #weigh: (value: Value, key: string) => number;
  #weight = 0;

  /** `weigh` is asked once for each value. What alone weighs more than `maxWeight` is not kept. */
  constructor(maxWeight: number, weigh: (value: Value, key: string) => number) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  get(key: string): Value | undefined {
    const held = this.#values.get(key);
    if (held === undefined) return undefined;
    // A map is in the order in which was put into it.
    this.#values.delete(key);
    this.#values.set(key, held);
    return held.value;
  }

  set(key: string, value: Value): void {
    this.#forget(key);
    const weight = this.#weigh(value, key);
    if (weight > this.#maxWeight) return;
    this.#values.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#values.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const held = this.#values.get(key);
    if (held === undefined) return;
    this.#values.delete(key);
    this.#weight -= held.weight;
  }
}
