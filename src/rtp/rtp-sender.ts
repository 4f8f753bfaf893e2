/**
 * One track that is sent: access units in, packets out.
 *
 * @module
 */
import type { AccessUnit } from '../media/index.ts'
import { decodeAudioSpecificConfig, decodeMpegAudioHeader, opusPacketSamples } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { Packetizer } from './packetizer.ts'
import { createPacketizer } from './payload-format.ts'
import type { SenderReport } from './rtcp-packet.ts'
import type { RtpFormat } from './rtp-format.ts'
import { encodeRtpPacket } from './rtp-packet.ts'

/** What an {@link RtpSender} sends, and how. */
export interface RtpSenderOptions {
  /** The format, as `rtpFormatFor` gives it. */
  readonly format: RtpFormat
  /** Synchronization source, 32 bits: random, and different for each track of a session. */
  readonly ssrc: number
  /** Sequence number of the first packet, 16 bits, random. @defaultValue 0 */
  readonly sequenceNumber?: number
  /** Timestamp of time 0, 32 bits, random. @defaultValue 0 */
  readonly timestamp?: number
  /** Most bytes of a payload. @defaultValue 1400 */
  readonly maxPayloadBytes?: number
}

/** Times of packets have whole ms: a frame of audio this close to the end of the one before is there. */
const ROUNDING_MS = 1.5

/** From 1900, which NTP counts from, to 1970. RFC 3550 §4. */
const NTP_EPOCH_SEC = 2_208_988_800

/**
 * Sends one track. The frames of audio have timestamps without gaps, although times of packets are whole ms; a unit that the format cannot
 * carry is left out and counted.
 */
export class RtpSender {
  readonly #format: RtpFormat
  readonly #packetizer: Packetizer
  readonly #ssrc: number
  readonly #base: number
  #sequenceNumber: number
  #expectedTicks: number
  #packetCount: number
  #octetCount: number
  #skippedCount: number

  /**
   * @param options - format and where numbers begin.
   * @throws RangeError if the format is none that this package writes.
   */
  constructor(options: RtpSenderOptions) {
    const { format, ssrc, sequenceNumber = 0, timestamp = 0, maxPayloadBytes } = options
    const packetizer = createPacketizer(format, maxPayloadBytes)
    if (packetizer === undefined) throw new RangeError(`no payload format for '${format.encoding}'`)
    this.#format = format
    this.#packetizer = packetizer
    this.#ssrc = ssrc
    this.#base = timestamp
    this.#sequenceNumber = sequenceNumber & 0xffff
    this.#expectedTicks = -1
    this.#packetCount = 0
    this.#octetCount = 0
    this.#skippedCount = 0
  }

  /** Sequence number of the next packet: what `RTP-Info` says. */
  get sequenceNumber(): number {
    return this.#sequenceNumber
  }

  /** Units that the format cannot carry, or without a time. */
  get skippedCount(): number {
    return this.#skippedCount
  }

  /** The timestamp of a presentation time in ms. */
  timestampOf(pts: number): number {
    return (this.#base + Math.round((pts * this.#format.clockRate) / 1000)) >>> 0
  }

  /** The packets of one unit, freshly made. */
  push(unit: AccessUnit): Uint8Array[] {
    const pts = unit.pts ?? unit.dts
    try {
      if (pts === undefined) throw new RangeError('a unit without a time')
      const payloads = this.#packetizer.push(unit.data)
      const ticks = this.#ticksOf(unit, pts)
      return payloads.map(({ payload, marker, ticks: after }) => {
        const { payloadType } = this.#format
        const timestamp = (this.#base + ticks + after) >>> 0
        const sequenceNumber = this.#sequenceNumber
        this.#sequenceNumber = (sequenceNumber + 1) & 0xffff
        this.#packetCount++
        this.#octetCount += payload.length
        return encodeRtpPacket({ payloadType, marker, sequenceNumber, timestamp, ssrc: this.#ssrc, payload })
      })
    } catch (error) {
      if (!(error instanceof MediaError || error instanceof RangeError)) throw error
      this.#skippedCount++
      return []
    }
  }

  /**
   * A sender report.
   * @param pts - presentation time in ms of what is sent now.
   * @param wallMs - the wall clock at that time, in ms since 1970.
   */
  report(pts: number, wallMs: number): SenderReport {
    const seconds = Math.floor(wallMs / 1000)
    return {
      type: 'senderReport',
      ssrc: this.#ssrc,
      ntpSeconds: (seconds + NTP_EPOCH_SEC) >>> 0,
      ntpFraction: Math.floor(((wallMs - seconds * 1000) / 1000) * 2 ** 32) >>> 0,
      rtpTimestamp: this.timestampOf(pts),
      packetCount: this.#packetCount >>> 0,
      octetCount: this.#octetCount >>> 0,
      reports: [],
    }
  }

  #ticksOf(unit: AccessUnit, pts: number): number {
    const { clockRate, kind } = this.#format
    const own = Math.round((pts * clockRate) / 1000)
    if (kind === 'video') return own
    const expected = this.#expectedTicks
    const isNext = expected >= 0 && Math.abs(own - expected) <= (ROUNDING_MS * clockRate) / 1000
    const ticks = isNext ? expected : own
    const length = frameTicks(unit, this.#format)
    this.#expectedTicks = length === 0 ? -1 : ticks + length
    return Math.round(ticks)
  }
}

/** How long a frame of audio lasts in ticks; 0 where it does not say. @throws MediaError for a damaged frame. */
function frameTicks({ codec, data, configuration }: AccessUnit, format: RtpFormat): number {
  switch (codec) {
    case 'mp4a': {
      const record = configuration ?? format.configuration
      const config = record && decodeAudioSpecificConfig(record)
      return config === undefined ? 0 : (config.frameSamples * format.clockRate) / config.samplingFrequency
    }
    case 'Opus':
      return opusPacketSamples(data)
    case '.mp3': {
      const { frameSamples, samplingFrequency } = decodeMpegAudioHeader(data)
      return (frameSamples * format.clockRate) / samplingFrequency
    }
    case 'alaw':
    case 'ulaw':
      return data.length
    default:
      return 0
  }
}
