/**
 * When batches are made and who is written to next.
 *
 * Packets are held until a video packet comes (audio rides along), for at most `maxHoldMs`, and at least
 * `minFlushIntervalMs` apart. Players are served in slices of a few milliseconds, beginning with another one each time, so
 * that thousands of them neither block the event loop nor starve the last in the list; sources take turns. The next flush
 * waits until everyone was served, and a quarter of that time longer: under load batches grow, nobody is dropped.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts'
import type { Scheduler, Task } from './scheduler.ts'

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
  /** The longest such time so far, ms. */
  readonly longestRoundMs: number
  /** Longest time that a part of a round held the event loop, ms: 4 and one step is what it aims for; beyond that, the process had no core. */
  readonly longestSliceMs: number
}

/** One who is served in rounds. */
export interface Served {
  /** Writes what is due. */
  pump(): void
}

/** Looks at everyone in some of the rounds. */
export interface Sweep<T extends Served> {
  /** A round begins. @returns whether {@link Sweep.visit} is to be called for everyone. */
  roundBegins(): boolean
  /** `served` was just served: what there is to look at is in the cache of the processor, and part of a slice. */
  visit(served: T): void
  /** Everyone was served. */
  roundEnded(): void
}

/** What a {@link FanOut} needs of its source. */
export interface FanOutHost<T extends Served> {
  /** Looks at those who are served. */
  readonly sweep: Sweep<T>
  /** Frames what is held, for every view. */
  flush(): void
  /** One of the above, or serving somebody, threw. */
  failed(error: unknown): void
}

/** Flush policy and rotation of one source. */
export class FanOut<T extends Served> implements Task {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #host: FanOutHost<T>
  readonly #players: Set<T>
  readonly #onDue: () => void
  #options: FanOutOptions
  #round: Iterator<T> | undefined
  #visits: boolean
  #held: 'nothing' | 'audio' | 'video'
  #scheduled: boolean
  #timer: Timer | undefined
  #timerAtMs: number
  #lastFlushMs: number
  #roundStartMs: number
  #lastRoundMs: number
  #longestRoundMs: number
  #longestSliceMs: number
  #flushes: number
  #closed: boolean

  /**
   * @param clock - time and timers.
   * @param scheduler - runs the rounds; sources of one hub share it.
   * @param options - the policy.
   * @param host - what is called.
   */
  constructor(clock: Clock, scheduler: Scheduler, options: FanOutOptions, host: FanOutHost<T>) {
    this.#clock = clock
    this.#scheduler = scheduler
    this.#host = host
    this.#players = new Set()
    this.#onDue = () => this.#due()
    this.#options = options
    this.#round = undefined
    this.#visits = false
    this.#held = 'nothing'
    this.#scheduled = false
    this.#timer = undefined
    this.#timerAtMs = 0
    this.#lastFlushMs = -Infinity
    this.#roundStartMs = 0
    this.#lastRoundMs = 0
    this.#longestRoundMs = 0
    this.#longestSliceMs = 0
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

  /** Stops: there are no more rounds. Players stay until they are removed. */
  close(): void {
    this.#closed = true
    this.#disarm()
    this.#round = undefined
  }

  /** Counters, made when asked. */
  stats(): FanOutStats {
    return {
      flushes: this.#flushes,
      lastRoundMs: this.#lastRoundMs,
      longestRoundMs: this.#longestRoundMs,
      longestSliceMs: this.#longestSliceMs,
    }
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
    this.#due()
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

  /** The next turn of this source begins a round. */
  #due(): void {
    this.#timer = undefined
    this.#scheduled = true
    this.#scheduler.schedule(this)
  }

  /** {@inheritDoc Task.run} */
  run(deadlineMs: number): boolean {
    const startMs = this.#clock.now()
    try {
      if (this.#scheduled && !this.#begin(startMs)) return true
      const done = this.#serve(deadlineMs)
      const nowMs = this.#clock.now()
      this.#longestSliceMs = Math.max(this.#longestSliceMs, nowMs - startMs)
      if (done) this.#endRound(nowMs)
      return done
    } catch (error) {
      this.#host.failed(error)
      return true
    }
  }

  /** @returns whether there is somebody to serve. */
  #begin(nowMs: number): boolean {
    this.#scheduled = false
    if (this.#closed || this.#players.size === 0) return false
    this.#lastFlushMs = nowMs
    this.#roundStartMs = nowMs
    this.#flushes++
    this.#round = this.#players.values()
    this.#host.flush()
    this.#visits = this.#host.sweep.roundBegins()
    return true
  }

  /** @returns whether everyone was served. */
  #serve(deadlineMs: number): boolean {
    const round = this.#round
    if (round === undefined) return true
    for (let untilCheck = PLAYERS_PER_CHECK; ; untilCheck--) {
      if (untilCheck === 0) {
        if (this.#clock.now() >= deadlineMs) return false
        untilCheck = PLAYERS_PER_CHECK
      }
      const next = round.next()
      if (next.done === true || this.#closed) return true
      next.value.pump()
      if (this.#visits) this.#host.sweep.visit(next.value)
    }
  }

  #endRound(nowMs: number): void {
    if (this.#closed) return
    this.#round = undefined
    this.#lastRoundMs = nowMs - this.#roundStartMs
    this.#longestRoundMs = Math.max(this.#longestRoundMs, this.#lastRoundMs)
    this.#rotate()
    this.#host.sweep.roundEnded()
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
