/**
 * How long a source keeps packets and batches: until no reader that is still waited for needs them.
 *
 * @module
 */
import type { Consumers } from './consumers.ts'
import type { Sweep } from './fan-out.ts'
import type { GopCache } from './gop-cache.ts'
import type { Player } from './player.ts'
import type { Views } from './views.ts'

/** Packets between two evictions if no keyframe comes. */
const SWEEP_PACKETS = 256

/** Eviction from the log of one source. A round that serves the players asks them on the way what they need. */
export class Retention implements Sweep<Player> {
  readonly #log: GopCache
  readonly #views: Views
  readonly #consumers: Consumers
  /** Packets since the last eviction. */
  #unswept: number
  /** The current round asks players what they need, and this is the oldest packet so far. */
  #isSweeping: boolean
  #needed: number
  /** Batches are evicted up to this packet. */
  #evictedTo: number

  /**
   * @param log - what is evicted from.
   * @param views - their batches go with the packets.
   * @param consumers - asked what they need at each eviction.
   */
  constructor(log: GopCache, views: Views, consumers: Consumers) {
    this.#log = log
    this.#views = views
    this.#consumers = consumers
    this.#unswept = 0
    this.#isSweeping = false
    this.#needed = 0
    this.#evictedTo = 0
  }

  /** A packet was appended to the log. @param opensGop - as {@link GopCache.append} returned. */
  appended(opensGop: boolean): void {
    if (opensGop) this.#unswept = SWEEP_PACKETS
    else this.#unswept++
    if (this.#log.first > this.#evictedTo) this.#evictBatches()
    // Without players there are no rounds.
    if (this.#views.size === 0 && this.#unswept >= SWEEP_PACKETS) {
      this.#unswept = 0
      this.#evict(this.#log.head)
    }
  }

  /** {@inheritDoc Sweep.roundBegins} */
  roundBegins(): boolean {
    if (this.#unswept < SWEEP_PACKETS) return false
    this.#unswept = 0
    this.#isSweeping = true
    this.#needed = this.#views.flushedSeq
    return true
  }

  /** {@inheritDoc Sweep.visit} */
  visit(player: Player): void {
    this.#needed = Math.min(this.#needed, player.sweep() ?? this.#needed)
  }

  /** {@inheritDoc Sweep.roundEnded} */
  roundEnded(): void {
    if (!this.#isSweeping) return
    this.#isSweeping = false
    this.#evict(this.#needed)
  }

  #evict(neededByPlayers: number): void {
    this.#log.evict(Math.min(neededByPlayers, this.#consumers.sweep()))
    this.#evictBatches()
  }

  #evictBatches(): void {
    this.#evictedTo = this.#log.first
    this.#views.evict(this.#evictedTo)
  }
}
