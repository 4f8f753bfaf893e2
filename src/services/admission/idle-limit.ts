/**
 * How long a publisher may go on for nobody.
 *
 * @module
 */
import createDebug from 'debug'
import {
  Announcer,
  type AnnouncerEvents,
  type Clock,
  followHub,
  type Hub,
  type Publisher,
  setDeadline,
  type Source,
  systemClock,
  type Timer,
} from '../../hub/index.ts'
import { checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { A_CLOCK, finite } from './option-checks.ts'

const debug = createDebug('millrace:admission')

/** How often it is looked whether somebody watches, ms. */
const LOOK_MS = 1_000

/** Options of {@link IdleLimit}. */
export interface IdleLimitOptions {
  /** Longest time that a publisher goes on without players and viewers, ms, to within a second. */
  readonly maxIdleMs: number
  /** Time and timers. @defaultValue the runtime's own */
  readonly clock?: Clock
}

const CHECKS: OptionChecks<IdleLimitOptions> = {
  maxIdleMs: { ...finite('a number above 0', (value) => value > 0), isRequired: true },
  clock: A_CLOCK,
}

/** Facts that an {@link IdleLimit} announces. */
export interface IdleLimitEvents extends AnnouncerEvents {
  /** Nobody watched for `maxIdleMs`, and the publisher has been ended. */
  exceeded: (source: Source, publisher: Publisher) => void
}

/** When a stream was last watched. */
interface Watched {
  readonly publisher: Publisher
  sinceMs: number
  plays: number
}

/**
 * Ends publishers of a hub that nobody watches. Players and HLS viewers count; recordings, forwards, transcoders and other readers in the
 * process do not. It looks once a second, with one timer for all of them, and none while nobody publishes.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { IdleLimit } from 'millrace/services/admission'
 *
 * const limit = new IdleLimit(new Hub(), { maxIdleMs: 600_000 })
 * limit.on('exceeded', ({ streamPath }) => console.log(`${streamPath}: nobody watches`))
 * ```
 */
export class IdleLimit extends Announcer<IdleLimitEvents> {
  readonly #options: Required<IdleLimitOptions>
  readonly #watched: Map<Source, Watched>
  readonly #unfollow: () => void
  #timer: Timer | undefined

  /**
   * @param hub - whose publishers are watched, also those that are there already.
   * @param options - the bound.
   * @throws TypeError for options that are none.
   */
  constructor(hub: Hub, options: IdleLimitOptions) {
    super()
    checkOptions('IdleLimit', options, CHECKS)
    this.#options = { maxIdleMs: options.maxIdleMs, clock: options.clock ?? systemClock }
    this.#watched = new Map()
    this.#timer = undefined
    this.#unfollow = followHub(hub, {
      publish: (source, publisher) => this.#open(source, publisher),
      close: (source) => this.#forget(source),
    })
  }

  /** Watches no longer. */
  close(): void {
    this.#unfollow()
    this.#watched.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #open(source: Source, publisher: Publisher): void {
    const { plays } = source.totals()
    this.#watched.set(source, { publisher, sinceMs: this.#options.clock.now(), plays })
    this.#arm()
  }

  #forget(source: Source): void {
    this.#watched.delete(source)
    if (this.#watched.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    const { clock, maxIdleMs } = this.#options
    this.#timer ??= setDeadline(clock, () => this.#look(), Math.min(LOOK_MS, maxIdleMs))
  }

  #look(): void {
    this.#timer = undefined
    const { clock, maxIdleMs } = this.#options
    const nowMs = clock.now()
    for (const [source, watched] of this.#watched) {
      const { publisher } = watched
      const { players, viewers } = source.stats()
      // Who came and went since the last look has watched too.
      const { plays } = source.totals()
      if (publisher.ended !== undefined) this.#watched.delete(source)
      else if (players + viewers > 0 || plays !== watched.plays) {
        watched.sinceMs = nowMs
        watched.plays = plays
      } else if (nowMs - watched.sinceMs >= maxIdleMs) {
        this.#watched.delete(source)
        debug('%s: nobody has watched for %d ms', source.streamPath, maxIdleMs)
        publisher.kick()
        this.emit('exceeded', source, publisher)
      }
    }
    if (this.#watched.size > 0) this.#arm()
  }
}
