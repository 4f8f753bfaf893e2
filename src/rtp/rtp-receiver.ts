/**
 * One track that is received: packets in any order in, access units out.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import type { AccessUnit } from '../media/index.ts'
import type { Depacketizer, DepacketizerOptions, RtpFrame } from './depacketizer.ts'
import { createDepacketizer } from './payload-format.ts'
import { ReceptionStatistics } from './reception-statistics.ts'
import { ReorderWindow, type ReorderWindowOptions } from './reorder-window.ts'
import type { ReportBlock, RtcpPacket } from './rtcp-packet.ts'
import type { RtpFormat } from './rtp-format.ts'
import { decodeRtpPacket } from './rtp-packet.ts'
import type { RtpTimeline, RtpTrackClock } from './rtp-timeline.ts'

/** What an {@link RtpReceiver} is for. */
export interface RtpReceiverOptions extends ReorderWindowOptions, DepacketizerOptions {
  /** The format, as `rtpFormatsOf` reads it. */
  readonly format: RtpFormat
  /** Clock of the session, one for all its tracks. */
  readonly timeline: RtpTimeline
  /** Track of the units, 0 to 255. @defaultValue 0 */
  readonly trackId?: number
}

/** What an {@link RtpReceiver} has counted. */
export interface RtpReceiverCounts {
  /** Packets of the track that came. */
  readonly received: number
  /** Packets that never came. */
  readonly lost: number
  /** Packets that were dropped because they came twice or too late. */
  readonly late: number
  /** Datagrams that are no packets of this track. */
  readonly foreign: number
  /** Payloads, or frames begun, that were thrown away because they are damaged or too large. */
  readonly damaged: number
}

/**
 * Receives one track: puts packets in order, puts frames together, and gives them times on the clock of the session. Packets of other
 * payload types are passed over, and odd ones counted; nothing makes it throw.
 */
export class RtpReceiver {
  readonly #format: RtpFormat
  readonly #trackId: number
  readonly #window: ReorderWindow
  readonly #depacketizer: Depacketizer
  readonly #statistics: ReceptionStatistics
  readonly #clock: RtpTrackClock
  readonly #units: AccessUnit[]
  #foreignCount: number
  #goodbye: boolean
  #ssrc: number | undefined

  /**
   * @param options - format, clock and bounds.
   * @throws RangeError if the format is none that this package reads.
   */
  constructor(options: RtpReceiverOptions) {
    const { format, timeline, trackId = 0 } = options
    const depacketizer = createDepacketizer(format, options)
    if (depacketizer === undefined) throw new RangeError(`no payload format for '${format.encoding}'`)
    this.#format = format
    this.#trackId = trackId
    this.#window = new ReorderWindow(options)
    this.#depacketizer = depacketizer
    this.#statistics = new ReceptionStatistics(format.clockRate)
    this.#clock = timeline.track(format.clockRate, format.kind)
    this.#units = []
    this.#foreignCount = 0
    this.#goodbye = false
    this.#ssrc = undefined
  }

  /** The source that is received; `undefined` before its first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc
  }

  /** Clock of the track, to be placed by what RTSP says. */
  get clock(): RtpTrackClock {
    return this.#clock
  }

  /** Whether the source said BYE. */
  get ended(): boolean {
    return this.#goodbye
  }

  /** What came, and what did not. */
  get counts(): RtpReceiverCounts {
    return {
      received: this.#statistics.receivedCount,
      lost: this.#window.lostCount,
      late: this.#window.lateCount,
      foreign: this.#foreignCount,
      damaged: this.#depacketizer.damagedCount,
    }
  }

  /** Sequence numbers to ask for again, while packets wait for them. */
  get missing(): number[] {
    return this.#window.missing
  }

  /** When {@link RtpReceiver.handleTimeout} has something to do; `undefined` for nothing. */
  get nextTimeoutMs(): number | undefined {
    return this.#window.nextTimeoutMs
  }

  /** Takes an RTP packet that came at `nowMs`. The bytes are kept until its frame was read: hand them over. */
  push(bytes: Uint8Array, nowMs: number): void {
    try {
      const packet = decodeRtpPacket(bytes)
      if (packet.payloadType !== this.#format.payloadType) {
        this.#foreignCount++
        return
      }
      this.#ssrc = packet.ssrc
      this.#statistics.push(packet, nowMs)
      this.#window.push(packet, nowMs)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#foreignCount++
    }
    this.#drain(nowMs)
  }

  /** Takes an RTCP packet of a compound that came at `nowMs`; what is not about this source is passed over. */
  takeRtcp(packet: RtcpPacket, nowMs: number): void {
    if (packet.type === 'senderReport') {
      if (this.#ssrc !== undefined && packet.ssrc !== this.#ssrc) return
      this.#clock.takeSenderReport(packet)
      this.#statistics.takeSenderReport(packet, nowMs)
    } else if (packet.type === 'goodbye' && this.#ssrc !== undefined && packet.ssrcs.includes(this.#ssrc)) {
      this.#goodbye = true
    }
  }

  /** What a receiver report says of the source; `undefined` before its first packet. */
  report(nowMs: number): ReportBlock | undefined {
    return this.#statistics.report(nowMs)
  }

  /** Goes on without packets that others wait too long for. */
  handleTimeout(nowMs: number): void {
    this.#window.handleTimeout(nowMs)
    this.#drain(nowMs)
  }

  /** The track is over: what waits is there to read. */
  flush(nowMs: number): void {
    this.#window.flush()
    this.#drain(nowMs)
    const last = this.#depacketizer.flush()
    if (last !== undefined) this.#emit(last, nowMs)
  }

  /** The next unit, or `undefined`. Video has no decode times: `PacketConverter` makes them. */
  read(): AccessUnit | undefined {
    return this.#units.shift()
  }

  #drain(nowMs: number): void {
    for (let next = this.#window.read(); next !== undefined; next = this.#window.read()) {
      for (const frame of this.#depacketizer.push(next.packet, next.lostCount > 0)) this.#emit(frame, nowMs)
    }
  }

  #emit({ timestamp, data, lost }: RtpFrame, nowMs: number): void {
    const { codec, configuration } = this.#format
    const pts = this.#clock.timeOf(timestamp, nowMs)
    this.#units.push({ codec, trackId: this.#trackId, pts, dts: undefined, data, lost, configuration })
  }
}
