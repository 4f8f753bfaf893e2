/**
 * Everyone who reads or watches a source: who is there, who has left, and what they got.
 *
 * @module
 */
import type { BatchLog } from './batch-log.ts'
import type { Consumers } from './consumers.ts'
import type { FanOut } from './fan-out.ts'
import type { Player } from './player.ts'
import type { PlayerEnd } from './sink.ts'
import { addPlayer, type PlayerTotals, type StreamTotals } from './totals.ts'

/** What an {@link Audience} tells its source. */
export interface AudienceListener {
  /** The last player, consumer or viewer has left. */
  idle(): void
  /** A sink or the framing of a player threw; without `player`, that of a view, whose players are out. */
  failed(error: unknown, player: Player | undefined): void
}

/** Players, consumers and counted viewers of one source. */
export class Audience {
  readonly #fanOut: FanOut<Player>
  readonly #consumers: Consumers
  readonly #listener: AudienceListener
  #viewers: number
  #plays: number
  /** Totals of players that have left. */
  #departed: PlayerTotals

  /**
   * @param fanOut - serves the players.
   * @param consumers - the in-process readers.
   * @param listener - notified of departures and failures.
   * @internal
   */
  constructor(fanOut: FanOut<Player>, consumers: Consumers, listener: AudienceListener) {
    this.#fanOut = fanOut
    this.#consumers = consumers
    this.#listener = listener
    this.#viewers = 0
    this.#plays = 0
    this.#departed = { sentBytes: 0, skips: 0, skippedPackets: 0, skippedMs: 0 }
  }

  /** Players, consumers and counted viewers together. */
  get size(): number {
    return this.players.size + this.#consumers.size + this.#viewers
  }

  /** The attached players. */
  get players(): ReadonlySet<Player> {
    return this.#fanOut.players
  }

  /** Viewers without connection. */
  get viewers(): number {
    return this.#viewers
  }

  /** Bytes written to players that their transports have not taken yet. */
  get queuedBytes(): number {
    let queuedBytes = 0
    for (const player of this.players) queuedBytes += player.queuedBytes
    return queuedBytes
  }

  /** The largest lag of a player or consumer, ms. */
  get lagMs(): number {
    let { lagMs } = this.#consumers
    for (const player of this.players) lagMs = Math.max(lagMs, player.lagMs)
    return lagMs
  }

  /** Adds a player to the rotation. */
  add(player: Player): void {
    this.#plays++
    this.#fanOut.add(player)
  }

  /** `player` has left. */
  remove(player: Player): void {
    this.#take(player)
    this.checkIdle()
  }

  /** The framing or the sink of `player` threw. */
  playerFailed(player: Player, error: unknown): void {
    this.end(player, 'failed')
    this.checkIdle()
    this.#listener.failed(error, player)
  }

  /** The framing of `view` threw: its players are out, those of other views go on. */
  viewFailed(view: BatchLog, error: unknown): void {
    for (const player of this.players) if (player.uses(view)) this.end(player, 'failed')
    this.checkIdle()
    this.#listener.failed(error, undefined)
  }

  /** Ends `player` and its sink. Never throws. */
  end(player: Player, reason: PlayerEnd): void {
    this.#take(player)
    try {
      player.end(reason)
    } catch (error) {
      // A sink that cannot be ended is no reason to keep the others waiting; one that threw before is known to be broken.
      if (reason !== 'failed') this.#listener.failed(error, player)
    }
  }

  /** Counts a viewer without connection. @returns a function that takes it back; harmless when repeated. */
  countViewer(): () => void {
    let counted = true
    this.#viewers++
    this.#plays++
    return () => {
      if (!counted) return
      counted = false
      this.#viewers--
      this.checkIdle()
    }
  }

  /** Counts bytes that a viewer without connection got. */
  countSent(bytes: number): void {
    this.#departed.sentBytes += bytes
  }

  /** Notifies the source if nobody is left. */
  checkIdle(): void {
    if (this.size === 0) this.#listener.idle()
  }

  /** Players and viewers so far, and what all of them got. */
  totals(): PlayerTotals & Pick<StreamTotals, 'plays'> {
    const totals = { ...this.#departed }
    for (const player of this.players) addPlayer(totals, player)
    return { plays: this.#plays, ...totals }
  }

  #take(player: Player): void {
    if (this.players.has(player)) addPlayer(this.#departed, player)
    this.#fanOut.remove(player)
  }
}
