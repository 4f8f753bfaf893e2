/** Random numbers that come again with the same seed: what a soak did can be done once more. */

/** A multiplicative congruential generator (Park and Miller, 1988). */
export class Random {
  #state: number

  /** @param seed - 1 to 2147483646. */
  constructor(seed: number) {
    this.#state = seed
  }

  between(least: number, most: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647
    return least + (this.#state / 2_147_483_647) * (most - least)
  }

  of<Item>(items: readonly Item[]): Item {
    return items[Math.min(items.length - 1, Math.floor(this.between(0, items.length)))]!
  }
}
