/**
 * A list whose indexes go on for ever: items are added at the end and dropped at the front.
 *
 * @module
 */

/** Dropped items that are closed up at the least, so that the cost of an item stays constant. */
const MIN_GAP = 256

/** Items with gapless sequence numbers. */
export class SequenceWindow<T> {
  #items: (T | undefined)[]
  #gap: number
  #first: number

  constructor() {
    this.#items = []
    this.#gap = 0
    this.#first = 0
  }

  /** Sequence number of the oldest item; equals {@link SequenceWindow.head} when empty. */
  get first(): number {
    return this.#first
  }

  /** Sequence number that the next item gets. */
  get head(): number {
    return this.#first + this.#items.length - this.#gap
  }

  /** The item, or `undefined` when it is dropped or not yet here. */
  at(seq: number): T | undefined {
    return seq < this.#first ? undefined : this.#items[this.#gap + seq - this.#first]
  }

  /** Adds an item. */
  push(item: T): void {
    this.#items.push(item)
  }

  /** Drops items from the front until `seq` is the first, or none is left. */
  dropBefore(seq: number): void {
    const to = Math.min(seq, this.head)
    if (to <= this.#first) return
    const end = this.#gap + to - this.#first
    for (let i = this.#gap; i < end; i++) this.#items[i] = undefined
    this.#gap = end
    this.#first = to
    if (this.#gap >= MIN_GAP && this.#gap > this.#items.length >> 1) {
      this.#items = this.#items.slice(this.#gap)
      this.#gap = 0
    }
  }
}
