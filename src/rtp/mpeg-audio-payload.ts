/**
 * MP3 and the other layers of MPEG audio. RFC 2250 §3.5.
 *
 * Layout: zero 16 | Frag_offset 16: where in the frame the payload begins | whole frames, or a part of one
 *
 * @module
 */
import { readU16, writeU16 } from '../bytes/index.ts'
import { decodeMpegAudioHeader } from '../codec/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'

const HEADER_BYTES = 4
/** Ticks a second, whatever the sampling rate is. */
const CLOCK_RATE = 90_000

/** Takes MPEG audio frames out of packets. */
export class MpegAudioDepacketizer implements Depacketizer {
  readonly #maxFrameBytes: number
  #rest: Uint8Array
  #restTimestamp: number
  #lost: boolean
  #damaged: number

  constructor(options: DepacketizerOptions = {}) {
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES
    this.#rest = NONE
    this.#restTimestamp = 0
    this.#lost = false
    this.#damaged = 0
  }

  get damagedCount(): number {
    return this.#damaged
  }

  push({ timestamp, payload }: RtpPacket, lost: boolean): RtpFrame[] {
    const frames: RtpFrame[] = []
    this.#lost ||= lost
    if (payload.length < HEADER_BYTES) {
      if (payload.length > 0) this.#damage()
      return frames
    }
    const offset = readU16(payload, 2) // Frag_offset
    const body = payload.subarray(HEADER_BYTES)
    if (offset === 0) {
      if (this.#rest.length > 0) this.#damage()
      this.#split(body, timestamp, frames)
    } else if (!lost && offset === this.#rest.length) {
      const whole = new Uint8Array(offset + body.length)
      whole.set(this.#rest)
      whole.set(body, offset)
      this.#rest = NONE
      this.#split(whole, this.#restTimestamp, frames)
    } else this.#damage()
    return frames
  }

  flush(): undefined {
    if (this.#rest.length > 0) this.#damage()
    return undefined
  }

  #split(bytes: Uint8Array, timestamp: number, frames: RtpFrame[]): void {
    let ticks = 0
    for (let at = 0; at < bytes.length;) {
      const header = headerAt(bytes, at)
      const size = header?.frameBytes ?? 0
      if (header === undefined || size < 4) {
        this.#damage()
        return
      }
      const time = (timestamp + Math.round(ticks)) >>> 0
      if (at + size > bytes.length) {
        if (size > this.#maxFrameBytes) this.#damage()
        else {
          this.#rest = bytes.subarray(at)
          this.#restTimestamp = time
        }
        return
      }
      frames.push({ timestamp: time, data: bytes.subarray(at, at + size), lost: this.#lost })
      this.#lost = false
      ticks += (header.frameSamples * CLOCK_RATE) / header.samplingFrequency
      at += size
    }
  }

  #damage(): void {
    this.#damaged++
    this.#lost = true
    this.#rest = NONE
  }
}

const NONE = new Uint8Array(0)

function headerAt(bytes: Uint8Array, at: number): ReturnType<typeof decodeMpegAudioHeader> | undefined {
  try {
    return decodeMpegAudioHeader(bytes, at)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** Puts MPEG audio frames into packets, one a packet, the large ones in fragments. */
export class MpegAudioPacketizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    const payloads: RtpPayload[] = []
    const room = this.#maxBytes - HEADER_BYTES
    for (let at = 0; at < data.length; at += room) {
      const body = data.subarray(at, at + room)
      const payload = new Uint8Array(HEADER_BYTES + body.length)
      writeU16(payload, 2, at) // Frag_offset
      payload.set(body, HEADER_BYTES)
      // The marker of audio says that a talkspurt begins (RFC 3551 §4.1): a stream has none.
      payloads.push({ payload, marker: false, ticks: 0 })
    }
    return payloads
  }
}
