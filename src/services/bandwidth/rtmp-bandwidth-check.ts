/**
 * The RTMP bandwidth check of SRS 1 to 4: a client connects with a key, gets data for three seconds, sends data for three seconds, and is
 * told what came through.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto'
import { Amf0EcmaArray, type Amf0Object } from '../../amf0/index.ts'
import { type Clock, setDeadline, type Timer } from '../../hub/index.ts'
import type { RtmpConnectDecision, RtmpConnection, RtmpConnectionExtension } from '../../node/index.ts'
import { type ConnectRequest, resolveStreamTarget } from '../../rtmp/index.ts'
import { parseOptions } from '../parse-options.ts'
import { rtmpBandwidthCheckOptions } from './bandwidth.schema.ts'

/** Options of {@link RtmpBandwidthCheck}. */
export interface RtmpBandwidthCheckOptions {
  /** What a client must name as `key` in the query of its tcUrl: `rtmp://host/app?key=…`. */
  readonly key: string
  /** Time from one check to the next, of all clients together, ms; 0: none. @defaultValue 30000 */
  readonly intervalMs?: number
  /** Data is sent no faster, and no more of it is received than this rate makes in a phase, kbit/s. @defaultValue 1000 */
  readonly limitKbps?: number
  /** How long each of the two phases lasts, ms, at most 10000. @defaultValue 3000 */
  readonly durationMs?: number
  /** How long the client may take for each of its answers, ms. @defaultValue 10000 */
  readonly answerTimeoutMs?: number
  /** Most checks at a time; a client beyond is refused. @defaultValue 4 */
  readonly maxChecks?: number
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** How often the rate is looked at, ms. */
const TICK_MS = 10
/** Data that waits for the client's network; what is beyond would only measure our memory. */
const MAX_QUEUED_BYTES = 65_536
/** Text of one entry of the data. */
const FILLER = 'bandwidth check of millrace, text without a meaning'
/** Each message has two entries more than the one before, up to some 60 kB. */
const MAX_ENTRIES = 999

/**
 * Takes part in connections that ask for a check, as `onConnect` of an `RtmpServer` or among the deciders of `allConnect`; others are let
 * in as they are. A wrong key, a check too soon after another and one too many are refused.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { RtmpServer } from 'millrace/node'
 * import { RtmpBandwidthCheck } from 'millrace/services/bandwidth'
 *
 * const check = new RtmpBandwidthCheck({ key: '35c9b402c12a7246', limitKbps: 4_000 })
 * export const server = new RtmpServer({ hub: new Hub(), onConnect: check.onConnect })
 * ```
 */
export class RtmpBandwidthCheck {
  /** Decides about a connection, and takes part in it if it is a check. */
  readonly onConnect: (request: ConnectRequest, connection: RtmpConnection) => RtmpConnectDecision
  readonly #options: Required<RtmpBandwidthCheckOptions>
  #runningCount: number
  #lastMs: number

  /**
   * @param options - see {@link RtmpBandwidthCheckOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: RtmpBandwidthCheckOptions) {
    this.#options = parseOptions(rtmpBandwidthCheckOptions, options, 'RtmpBandwidthCheck')
    this.#runningCount = 0
    this.#lastMs = -Infinity
    this.onConnect = (request, connection) => this.#decide(request, connection)
  }

  /** Checks that go on now. */
  get runningCount(): number {
    return this.#runningCount
  }

  #decide({ tcUrl, app }: ConnectRequest, connection: RtmpConnection): RtmpConnectDecision {
    const { query } = resolveStreamTarget({ tcUrl, app, streamName: '' })
    const { key, intervalMs, maxChecks, clock } = this.#options
    if (query['key'] === undefined) return { type: 'accept' }
    if (!isSame(query['key'], key)) return { type: 'reject', reason: 'wrong bandcheck key' }
    const now = clock.now()
    if (now - this.#lastMs < intervalMs || this.#runningCount >= maxChecks) {
      return { type: 'reject', reason: 'bandcheck rejected' }
    }
    this.#lastMs = now
    this.#runningCount++
    const check = new Check(connection, this.#options)
    return {
      type: 'accept',
      // The Flash client shows it, and fails without it.
      information: { data: new Amf0EcmaArray({ srs_server_ip: '' }) },
      extensions: [check],
      onEnd: () => {
        check.end()
        this.#runningCount--
      },
    }
  }
}

/** Where a check is: what it does, or which answer it waits for. */
type Step = 'starting-play' | 'playing' | 'stopping-play' | 'starting-publish' | 'publishing' | 'final'

/** The check of one connection. */
class Check implements RtmpConnectionExtension {
  readonly #connection: RtmpConnection
  readonly #options: Required<RtmpBandwidthCheckOptions>
  readonly #clock: Clock
  readonly #data: Amf0Object
  #entries: number
  #step: Step
  #timer: Timer | undefined
  #startMs: number
  #phaseMs: number
  #phaseBytes: number
  #play: Measured
  #publish: Measured

  constructor(connection: RtmpConnection, options: Required<RtmpBandwidthCheckOptions>) {
    this.#connection = connection
    this.#options = options
    this.#clock = options.clock
    this.#data = {}
    this.#entries = 0
    this.#step = 'starting-play'
    this.#timer = undefined
    this.#startMs = 0
    this.#phaseMs = 0
    this.#phaseBytes = 0
    this.#play = { bytes: 0, timeMs: 1 }
    this.#publish = { bytes: 0, timeMs: 1 }
  }

  accepted(): void {
    this.#startMs = this.#clock.now()
    this.#tell('onSrsBandCheckStartPlayBytes', this.#plan())
    this.#await('starting-play')
  }

  event(event: Parameters<NonNullable<RtmpConnectionExtension['event']>>[0]): void {
    if (event.type === 'publish' || event.type === 'play') {
      this.#connection.close('this connection is for a bandwidth check')
    }
    if (event.type !== 'command') return
    const { name } = event.command
    if (this.#step === 'starting-play' && name === 'onSrsBandCheckStartingPlayBytes') this.#beginPlay()
    else if (this.#step === 'stopping-play' && name === 'onSrsBandCheckStoppedPlayBytes') {
      this.#tell('onSrsBandCheckStartPublishBytes', this.#plan())
      this.#await('starting-publish')
    } else if (this.#step === 'starting-publish' && name === 'onSrsBandCheckStartingPublishBytes') {
      this.#beginPublish()
    } else if (this.#step === 'publishing') this.#lookAtPublish()
    else if (this.#step === 'final' && name === 'finalClientPacket') {
      this.#connection.close('the bandwidth check has ended')
    }
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #plan(): Amf0Object {
    return { limit_kbps: this.#options.limitKbps, duration_ms: this.#options.durationMs, interval_ms: 0 }
  }

  #await(step: Step): void {
    this.#step = step
    const { answerTimeoutMs } = this.#options
    this.#timer?.cancel()
    this.#timer = setDeadline(
      this.#clock,
      () => this.#connection.close(`no answer to a bandwidth check (${step})`),
      answerTimeoutMs,
    )
  }

  #beginPlay(): void {
    this.#step = 'playing'
    this.#phaseMs = this.#clock.now()
    this.#phaseBytes = this.#connection.session.sentBytes
    // Inside an event nothing goes out, so that the network would seem to take everything.
    this.#after(0, () => this.#send())
  }

  /** Sends as much as the limit and the client's network take, then looks again. */
  #send(): void {
    const { limitKbps, durationMs } = this.#options
    const elapsedMs = this.#clock.now() - this.#phaseMs
    if (elapsedMs >= durationMs) {
      this.#endPlay(elapsedMs)
      return
    }
    const allowed = (limitKbps * Math.max(elapsedMs, TICK_MS)) / 8 // kbit/s is bit/ms
    while (this.#sentBytes() < allowed && this.#connection.stats().queuedBytes < MAX_QUEUED_BYTES) {
      for (let i = 0; i < 2 && this.#entries < MAX_ENTRIES; i++) this.#data[String(this.#entries++)] = FILLER
      this.#tell('onSrsBandCheckPlaying', this.#data)
      if (this.#connection.session.isClosed) return
    }
    this.#after(TICK_MS, () => this.#send())
  }

  #sentBytes(): number {
    return this.#connection.session.sentBytes - this.#phaseBytes
  }

  #endPlay(timeMs: number): void {
    const bytes = Math.max(0, this.#sentBytes() - this.#connection.stats().queuedBytes)
    this.#play = { bytes, timeMs }
    this.#tell('onSrsBandCheckStopPlayBytes', this.#outcome(this.#play))
    this.#await('stopping-play')
  }

  #beginPublish(): void {
    this.#step = 'publishing'
    this.#phaseMs = this.#clock.now()
    this.#phaseBytes = this.#connection.session.receivedBytes
    this.#after(this.#options.durationMs, () => this.#endPublish())
  }

  /** A client that sends more than the limit allows for the whole phase has been measured well enough. */
  #lookAtPublish(): void {
    const { limitKbps, durationMs } = this.#options
    const bytes = this.#connection.session.receivedBytes - this.#phaseBytes
    if (bytes * 8 >= limitKbps * durationMs && this.#clock.now() > this.#phaseMs) this.#endPublish()
  }

  #endPublish(): void {
    const { session } = this.#connection
    const now = this.#clock.now()
    this.#publish = {
      bytes: session.receivedBytes - this.#phaseBytes,
      timeMs: Math.max(1, now - this.#phaseMs),
    }
    this.#tell('onSrsBandCheckStopPublishBytes', this.#outcome(this.#publish))
    // Flash has its queue full of data and answers late or never: nobody waits for onSrsBandCheckStoppedPublishBytes.
    this.#tell('onSrsBandCheckFinished', {
      code: 0,
      start_time: this.#startMs,
      end_time: now,
      play_kbps: kbpsOf(this.#play),
      publish_kbps: kbpsOf(this.#publish),
      play_bytes: this.#play.bytes,
      play_time: this.#play.timeMs,
      publish_bytes: this.#publish.bytes,
      publish_time: this.#publish.timeMs,
    })
    this.#await('final')
  }

  #outcome({ bytes, timeMs }: Measured): Amf0Object {
    return { ...this.#plan(), duration_delta: timeMs, bytes_delta: bytes }
  }

  #tell(name: string, data: Amf0Object): void {
    this.#connection.session.notifyConnection(name, data)
    this.#connection.flush()
  }

  #after(ms: number, then: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimeout(then, ms)
  }
}

/** What a phase came to. */
interface Measured {
  readonly bytes: number
  readonly timeMs: number
}

function kbpsOf({ bytes, timeMs }: Measured): number {
  return Math.floor((bytes * 8) / timeMs)
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
