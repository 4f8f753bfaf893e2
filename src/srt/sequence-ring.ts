/**
 * A window of packets by sequence number.
 *
 * @module
 */

const INITIAL_SLOTS = 64

/**
 * Slots for sequence numbers that lie less than `capacity` apart. It grows with what is stored: an idle connection has 64 slots.
 * Numbers wrap at 2³¹, which every power of two up to it divides.
 */
export class SequenceRing<T> {
  /** Numbers that are held apart; a power of two. */
  readonly capacity: number
  #slots: (T | undefined)[]
  #mask: number

  /** @param minCapacity - rounded up to a power of two. */
  constructor(minCapacity: number) {
    this.capacity = 2 ** Math.ceil(Math.log2(Math.max(minCapacity, INITIAL_SLOTS)))
    this.#slots = emptySlots(INITIAL_SLOTS)
    this.#mask = INITIAL_SLOTS - 1
  }

  /** What is stored under a number of the window. */
  get(sequenceNumber: number): T | undefined {
    return this.#slots[sequenceNumber & this.#mask]
  }

  /** Stores; the window is known to reach from `first` over `span` numbers, this one among them. */
  set(sequenceNumber: number, value: T | undefined, first: number, span: number): void {
    if (span > this.#slots.length) this.#grow(first, span)
    this.#slots[sequenceNumber & this.#mask] = value
  }

  /** Empties a slot. */
  clear(sequenceNumber: number): void {
    this.#slots[sequenceNumber & this.#mask] = undefined
  }

  #grow(first: number, span: number): void {
    const before = this.#slots
    const size = 2 ** Math.ceil(Math.log2(span))
    this.#slots = emptySlots(size)
    const mask = size - 1
    for (let i = 0; i < before.length; i++) {
      this.#slots[(first + i) & mask] = before[(first + i) & this.#mask]
    }
    this.#mask = mask
  }
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined)
}
