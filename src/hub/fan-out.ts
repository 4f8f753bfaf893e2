/**
 * When batches are made and who is written to next.
 *
 * Packets are held until a video packet comes (audio rides along), for at most `maxHoldMs`, and at least
 * `minFlushIntervalMs` apart. Players are served in slices of a few milliseconds, beginning with another one each time, so
 * that thousands of them neither block the event loop nor starve the last in the list. When a round takes longer than the
 * time between two frames, the next one starts later by itself: batches grow, nobody is dropped.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts'
import type { Player } from './player.ts'

/** How long one slice may run before other input gets its turn, ms. */
const SLICE_MS = 4

/** Players between two looks at the clock. */
const PLAYERS_PER_CHECK = 16

/** Options of {@link FanOut}. */
export interface FanOutOptions {
  /** Longest time a packet waits for a video packet, ms. @defaultValue 50 */
  readonly maxHoldMs: number
  /** Least time between two flushes, ms: 0 for least delay, 100 or 350 for throughput. @defaultValue 0 */
  readonly minFlushIntervalMs: number
}

/** Counters of a {@link FanOut}. */
export interface FanOutStats {
  /** Times that held packets were framed and sent. */
  readonly flushes: number
  /** Wall time of the last round over all players, ms. */
  readonly lastRoundMs: number
}

/** Flush policy and rotation of one source. */
export class FanOut {
  readonly #clock: Clock
  readonly #options: FanOutOptions
  readonly #flush: () => void
  readonly #players: Player[]
  readonly #onDue: () => void
  readonly #onSlice: () => void
  #scheduled: boolean
  #timer: Timer | undefined
  #timerAtMs: number
  #lastFlushMs: number
  #next: number
  #left: number
  #roundStartMs: number
  #lastRoundMs: number
  #flushes: number
  #closed: boolean

  /**
   * @param clock - time, timers and turns.
   * @param options - the policy.
   * @param flush - frames what is held, for every view.
   */
  constructor(clock: Clock, options: FanOutOptions, flush: () => void) {
    this.#clock = clock
    this.#options = options
    this.#flush = flush
    this.#players = []
    this.#onDue = () => this.#due()
    this.#onSlice = () => this.#slice()
    this.#scheduled = false
    this.#timer = undefined
    this.#timerAtMs = 0
    this.#lastFlushMs = -Infinity
    this.#next = 0
    this.#left = 0
    this.#roundStartMs = 0
    this.#lastRoundMs = 0
    this.#flushes = 0
    this.#closed = false
  }

  /** The players that are served. */
  get players(): readonly Player[] {
    return this.#players
  }

  /** Adds a player to the rotation. */
  add(player: Player): void {
    this.#players.push(player)
  }

  /** Takes a player out; the order of the others does not matter. */
  remove(player: Player): void {
    const i = this.#players.indexOf(player)
    if (i < 0) return
    const last = this.#players.pop()!
    if (i < this.#players.length) this.#players[i] = last
  }

  /** A packet was appended. `due`: it is a video packet, flush as soon as the input at hand is read. */
  appended(due: boolean): void {
    if (this.#players.length === 0 || this.#scheduled || this.#closed) return
    if (due) {
      const now = this.#clock.now()
      const earliest = this.#earliest()
      if (now >= earliest) this.#schedule()
      else this.#arm(earliest - now, earliest)
    } else if (this.#timer === undefined) {
      const now = this.#clock.now()
      const at = Math.max(now + this.#options.maxHoldMs, this.#earliest())
      this.#arm(at - now, at)
    }
  }

  /** Frames and sends everything at once, in one go. */
  drain(): void {
    this.#disarm()
    this.#flush()
    for (const player of this.#players.slice()) player.pump()
  }

  /** Stops; nothing is sent any more. */
  close(): void {
    this.#closed = true
    this.#disarm()
    this.#left = 0
    this.#players.length = 0
  }

  /** Counters, made when asked. */
  stats(): FanOutStats {
    return { flushes: this.#flushes, lastRoundMs: this.#lastRoundMs }
  }

  /** A quarter of the last round stays free for other work, so that load makes batches larger rather than late. */
  #earliest(): number {
    return this.#lastFlushMs + Math.max(this.#options.minFlushIntervalMs, this.#lastRoundMs * 1.25)
  }

  #schedule(): void {
    this.#disarm()
    this.#scheduled = true
    this.#clock.defer(this.#onDue)
  }

  #arm(delayMs: number, atMs: number): void {
    if (this.#timer !== undefined) {
      if (this.#timerAtMs <= atMs) return
      this.#timer.cancel()
    }
    this.#timerAtMs = atMs
    this.#timer = this.#clock.setTimeout(this.#onDue, delayMs)
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #due(): void {
    this.#scheduled = false
    this.#timer = undefined
    if (this.#closed) return
    const now = this.#clock.now()
    this.#lastFlushMs = now
    this.#flushes++
    this.#flush()
    const idle = this.#left === 0
    this.#left = this.#players.length
    if (!idle) return
    this.#roundStartMs = now
    this.#slice()
  }

  #slice(): void {
    const deadline = this.#clock.now() + SLICE_MS
    let untilCheck = PLAYERS_PER_CHECK
    while (this.#left > 0 && this.#players.length > 0) {
      if (this.#next >= this.#players.length) this.#next = 0
      this.#left--
      this.#players[this.#next++]!.pump()
      if (--untilCheck > 0) continue
      untilCheck = PLAYERS_PER_CHECK
      if (this.#clock.now() < deadline) continue
      if (this.#left > 0) this.#clock.defer(this.#onSlice)
      break
    }
    if (this.#players.length === 0) this.#left = 0
    if (this.#left > 0) return
    this.#lastRoundMs = this.#clock.now() - this.#roundStartMs
    // Another player begins the next round.
    this.#next++
  }
}
