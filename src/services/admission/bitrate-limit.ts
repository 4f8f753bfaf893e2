/**
 * How much a publisher may send.
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

/** Options of {@link BitrateLimit}. */
export interface BitrateLimitOptions {
  /** Most that a publisher may send on average over `windowMs`, kbit/s of media. */
  readonly maxKbps: number
  /** Time over which is averaged, ms, at least 100: a burst may be as much above as it is shorter. @defaultValue 10000 */
  readonly windowMs?: number
  /** Time and timers. @defaultValue the runtime's own */
  readonly clock?: Clock
}

const CHECKS: OptionChecks<BitrateLimitOptions> = {
  maxKbps: { ...finite('a number above 0', (value) => value > 0), isRequired: true },
  windowMs: finite('at least 100', (value) => value >= 100),
  clock: A_CLOCK,
}

/** Facts that a {@link BitrateLimit} announces. */
export interface BitrateLimitEvents extends AnnouncerEvents {
  /** A publisher was above the limit with `kbps` on average, and has been ended. */
  exceeded: (source: Source, publisher: Publisher, kbps: number) => void
}

/** Bytes of a source at the start of a window. */
interface Window {
  readonly publisher: Publisher
  readonly bytes: number
  readonly startMs: number
}

/**
 * Ends publishers of a hub that send too much. It looks once per window, with one timer for all of them, and none while nobody publishes.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { BitrateLimit } from 'millrace/services/admission'
 *
 * const limit = new BitrateLimit(new Hub(), { maxKbps: 8_000 })
 * limit.on('exceeded', ({ streamPath }, _publisher, kbps) => console.log(`${streamPath}: ${kbps} kbit/s`))
 * ```
 */
export class BitrateLimit extends Announcer<BitrateLimitEvents> {
  readonly #options: Required<BitrateLimitOptions>
  readonly #windows: Map<Source, Window>
  readonly #unfollow: () => void
  #timer: Timer | undefined

  /**
   * @param hub - whose publishers are watched, also those that are there already.
   * @param options - the bound.
   * @throws TypeError for options that are none.
   */
  constructor(hub: Hub, options: BitrateLimitOptions) {
    super()
    checkOptions('BitrateLimit', options, CHECKS)
    const { maxKbps, windowMs = 10_000, clock = systemClock } = options
    this.#options = { maxKbps, windowMs, clock }
    this.#windows = new Map()
    this.#timer = undefined
    this.#unfollow = followHub(hub, {
      publish: (source, publisher) => this.#open(source, publisher),
      close: (source) => this.#forget(source),
    })
  }

  /** Watches no longer. */
  close(): void {
    this.#unfollow()
    this.#windows.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #open(source: Source, publisher: Publisher): void {
    this.#windows.set(source, {
      publisher,
      bytes: source.stats().receivedBytes,
      startMs: this.#options.clock.now(),
    })
    this.#arm()
  }

  #forget(source: Source): void {
    this.#windows.delete(source)
    if (this.#windows.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    const { clock, windowMs } = this.#options
    this.#timer ??= setDeadline(clock, () => this.#look(), windowMs)
  }

  #look(): void {
    this.#timer = undefined
    const { clock, maxKbps, windowMs } = this.#options
    const nowMs = clock.now()
    for (const [source, { publisher, bytes, startMs }] of this.#windows) {
      if (publisher.ended !== undefined) {
        this.#windows.delete(source)
        continue
      }
      // It came after the timer was set: its window is not over yet.
      if (nowMs - startMs < windowMs) continue
      const received = source.stats().receivedBytes
      const kbps = Math.round(((received - bytes) * 8) / (nowMs - startMs))
      if (kbps > maxKbps) {
        this.#windows.delete(source)
        debug('%s: %d kbit/s, at most %d', source.streamPath, kbps, maxKbps)
        publisher.kick()
        this.emit('exceeded', source, publisher, kbps)
      } else this.#windows.set(source, { publisher, bytes: received, startMs: nowMs })
    }
    if (this.#windows.size > 0) this.#arm()
  }
}
