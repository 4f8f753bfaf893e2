/**
 * Notifications in order: what concerns one stream or client is delivered one after the other, everything else beside it.
 *
 * @module
 */

/** Notifications that wait in a lane. */
interface Lane {
  count: number
  /** Settles when the last of them is delivered or given up. */
  tail: Promise<void>
}

/** Bounds of a {@link NotificationQueue}. */
export interface NotificationQueueBounds {
  /** All notifications together. */
  readonly maxQueuedNotifications: number
  /** In one lane. */
  readonly maxQueuedPerStream: number
}

/** Keeps order per lane. A notification may be in several lanes: it waits for what is before it in each. */
export class NotificationQueue {
  readonly #bounds: NotificationQueueBounds
  readonly #lanes: Map<string, Lane>
  #onIdle: (() => void)[]
  #size: number

  /** @param bounds - notifications beyond them are refused. */
  constructor(bounds: NotificationQueueBounds) {
    this.#bounds = bounds
    this.#lanes = new Map()
    this.#onIdle = []
    this.#size = 0
  }

  /** Notifications that are not delivered yet. */
  get size(): number {
    return this.#size
  }

  /**
   * Has `deliver` called when all notifications before it in `lanes` are settled.
   * @param deliver - must not reject.
   * @returns whether there was room.
   */
  push(lanes: readonly string[], deliver: () => Promise<void>): boolean {
    const { maxQueuedNotifications, maxQueuedPerStream } = this.#bounds
    if (this.#size >= maxQueuedNotifications) return false
    if (lanes.some((name) => (this.#lanes.get(name)?.count ?? 0) >= maxQueuedPerStream)) return false
    this.#size++
    const done = this.#deliver(this.settled(lanes), lanes, deliver)
    for (const name of lanes) {
      const lane = this.#lanes.get(name)
      if (lane === undefined) this.#lanes.set(name, { count: 1, tail: done })
      else {
        lane.count++
        lane.tail = done
      }
    }
    return true
  }

  /** Whether a notification waits in any of `lanes`. */
  has(lanes: readonly string[]): boolean {
    return lanes.some((name) => this.#lanes.has(name))
  }

  /** Settles when the notifications that wait now in `lanes` do. */
  async settled(lanes: readonly string[]): Promise<void> {
    // All are looked up now: what comes later is not waited for.
    const tails = lanes.flatMap((name) => this.#lanes.get(name)?.tail ?? [])
    await Promise.all(tails)
  }

  /** Settles when no notification waits. */
  idle(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  async #deliver(
    before: Promise<void>,
    lanes: readonly string[],
    deliver: () => Promise<void>,
  ): Promise<void> {
    await before
    await deliver()
    this.#size--
    for (const name of lanes) {
      const lane = this.#lanes.get(name)!
      if (--lane.count === 0) this.#lanes.delete(name)
    }
    if (this.#size > 0) return
    for (const resolve of this.#onIdle) resolve()
    this.#onIdle = []
  }
}
