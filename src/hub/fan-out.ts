/**
 * When batches are made and who is written to next.
 *
 * Packets are held until a video packet comes (audio rides along), for at most `maxHoldMs`, and at least
 * `minFlushIntervalMs` apart. Players are served in slices of a few milliseconds, beginning with another one each time, so
 * that thousands of them neither block the event loop nor starve the last in the list. The next flush waits until everyone
 * was served, and a quarter of that time longer: under load batches grow, nobody is dropped.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts'

/** How long one slice may run before other input gets its turn, ms. */
const SLICE_MS = 4

/** Players between two looks at the clock. */
const PLAYERS_PER_CHECK = 16

/** Share of the last round that passes between two flushes at the least. */
const ROUND_SHARE = 1.25

/** When packets are sent to players. */
export interface FanOutOptions {
  /** Longest time a packet waits for a video packet, ms. @defaultValue 50 */
  readonly maxHoldMs: number
  /** Least time between two flushes, ms: 0 for least delay, 100 or 350 for throughput. @defaultValue 0 */
  readonly minFlushIntervalMs: number
}

/** Counters of the sending to players. */
export interface FanOutStats {
  /** Times that held packets were framed and sent. */
  readonly flushes: number
  /** Time from the last flush until every player was served, ms. */
  readonly lastRoundMs: number
}

/** One who is served in rounds. */
export interface Served {
  /** Writes what is due. */
  pump(): void
}

/** What a {@link FanOut} needs of its source. */
export interface FanOutHost {
  /** Frames what is held, for every view. */
  flush(): void
  /** Everyone was served. */
  roundEnded(): void
}

/** Flush policy and rotation of one source. */
export class FanOut<T extends Served> {
  readonly #clock: Clock
  readonly #host: FanOutHost
  readonly #players: Set<T>
  readonly #onDue: () => void
  readonly #onSlice: () => void
  #options: FanOutOptions
  #round: Iterator<T> | undefined
  #held: 'nothing' | 'audio' | 'video'
  #scheduled: boolean
  #timer: Timer | undefined
  #timerAtMs: number
  #lastFlushMs: number
  #roundStartMs: number
  #lastRoundMs: number
  #flushes: number
  #closed: boolean

  /**
   * @param clock - time, timers and turns.
   * @param options - the policy.
   * @param host - what is called.
   */
  constructor(clock: Clock, options: FanOutOptions, host: FanOutHost) {
    this.#clock = clock
    this.#host = host
    this.#players = new Set()
    this.#onDue = () => this.#due()
    this.#onSlice = () => this.#slice()
    this.#options = options
    this.#round = undefined
    this.#held = 'nothing'
    this.#scheduled = false
    this.#timer = undefined
    this.#timerAtMs = 0
    this.#lastFlushMs = -Infinity
    this.#roundStartMs = 0
    this.#lastRoundMs = 0
    this.#flushes = 0
    this.#closed = false
  }

  /** Those who are served. */
  get players(): ReadonlySet<T> {
    return this.#players
  }

  /** Another policy, from the next packet on. */
  setOptions(options: FanOutOptions): void {
    this.#options = options
  }

  /** Adds a player to the rotation. */
  add(player: T): void {
    this.#players.add(player)
  }

  /** Takes a player out. */
  remove(player: T): void {
    this.#players.delete(player)
    if (this.#players.size === 0) this.#disarm()
  }

  /** A packet was appended. `due`: it is a video packet, flush as soon as the input at hand is read. */
  appended(due: boolean): void {
    if (this.#scheduled || this.#players.size === 0 || this.#closed) return
    if (this.#round === undefined) this.#plan(due)
    else if (due) this.#held = 'video'
    else if (this.#held === 'nothing') this.#held = 'audio'
  }

  /** Frames and sends everything at once, in one go. */
  drain(): void {
    this.#disarm()
    this.#host.flush()
    for (const player of this.#players) player.pump()
  }

  /** Stops; nothing is sent any more. */
  close(): void {
    this.#closed = true
    this.#disarm()
    this.#round = undefined
    this.#players.clear()
  }

  /** Counters, made when asked. */
  stats(): FanOutStats {
    return { flushes: this.#flushes, lastRoundMs: this.#lastRoundMs }
  }

  #plan(due: boolean): void {
    if (!due && this.#timer !== undefined) return
    const now = this.#clock.now()
    const { maxHoldMs, minFlushIntervalMs } = this.#options
    const earliest = this.#lastFlushMs + Math.max(minFlushIntervalMs, this.#lastRoundMs * ROUND_SHARE)
    const at = Math.max(earliest, due ? now : now + maxHoldMs)
    if (at > now) {
      this.#arm(at - now, at)
      return
    }
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
    if (this.#closed || this.#players.size === 0) return
    const now = this.#clock.now()
    this.#lastFlushMs = now
    this.#roundStartMs = now
    this.#flushes++
    this.#host.flush()
    this.#round = this.#players.values()
    this.#slice()
  }

  #slice(): void {
    const round = this.#round
    if (round === undefined) return
    const deadline = this.#clock.now() + SLICE_MS
    let untilCheck = PLAYERS_PER_CHECK
    let done = false
    try {
      for (;;) {
        const next = round.next()
        if (next.done === true) {
          done = true
          break
        }
        next.value.pump()
        if (--untilCheck > 0) continue
        untilCheck = PLAYERS_PER_CHECK
        if (this.#clock.now() >= deadline) break
      }
    } finally {
      // Also when a sink threw: the others must not wait for ever.
      if (!done) this.#clock.defer(this.#onSlice)
    }
    if (done && !this.#closed) this.#endRound()
  }

  #endRound(): void {
    this.#round = undefined
    this.#lastRoundMs = this.#clock.now() - this.#roundStartMs
    this.#rotate()
    this.#host.roundEnded()
    const held = this.#held
    this.#held = 'nothing'
    if (held !== 'nothing' && this.#players.size > 0) this.#plan(held === 'video')
  }

  /** Another player begins the next round. */
  #rotate(): void {
    if (this.#players.size < 2) return
    const [first] = this.#players
    if (first === undefined) return
    this.#players.delete(first)
    this.#players.add(first)
  }
}
