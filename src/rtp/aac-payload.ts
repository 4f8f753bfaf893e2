/**
 * AAC as MPEG4-GENERIC. RFC 3640 §3.2 and §3.3.6 (AAC-hbr).
 *
 * Layout: AU-headers-length 16, in bits | (AU-size sizeLength, AU-Index or AU-Index-delta)* | zero bits up to a byte | frames
 *
 * @module
 */
import { BitReader, concatBytes, writeU16 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'

/** Sizes of the fields of AU headers in bits, as the format parameters say. */
export interface AacPayloadSyntax {
  /** sizeLength: 13 in AAC-hbr, 6 in AAC-lbr; 0 for frames of one size. */
  readonly sizeLength: number
  /** indexLength. */
  readonly indexLength: number
  /** indexDeltaLength. */
  readonly indexDeltaLength: number
  /** Samples, that is ticks, of one frame. */
  readonly frameSamples: number
}

/** Frames of one packet: 1,024 of AAC are half a minute. */
const MAX_FRAMES = 1024

/** Takes AAC frames out of packets: several of one packet, or one of several packets. */
export class AacDepacketizer implements Depacketizer {
  readonly #syntax: AacPayloadSyntax
  readonly #maxFrameBytes: number
  #fragments: Uint8Array[]
  #missingBytes: number
  #timestamp: number
  #lost: boolean
  #damaged: number

  constructor(syntax: AacPayloadSyntax, options: DepacketizerOptions = {}) {
    this.#syntax = syntax
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES
    this.#fragments = []
    this.#missingBytes = 0
    this.#timestamp = 0
    this.#lost = false
    this.#damaged = 0
  }

  get damagedCount(): number {
    return this.#damaged
  }

  push(packet: RtpPacket, lost: boolean): RtpFrame[] {
    const frames: RtpFrame[] = []
    this.#lost ||= lost
    if (this.#missingBytes > 0 && (lost || packet.timestamp !== this.#timestamp)) this.#damage()
    try {
      if (packet.payload.length > 0) this.#take(packet, frames)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#damage()
    }
    return frames
  }

  flush(): undefined {
    if (this.#missingBytes > 0) this.#damage()
    return undefined
  }

  #take({ timestamp, payload }: RtpPacket, frames: RtpFrame[]): void {
    const { sizeLength, indexLength, indexDeltaLength, frameSamples } = this.#syntax
    const reader = new BitReader(payload)
    if (sizeLength === 0) {
      this.#deliver(payload, timestamp, frames)
      return
    }
    const headerBits = reader.bits(16) // AU-headers-length
    let at = 2 + Math.ceil(headerBits / 8)
    if (at > payload.length) throw new DecodeError('ERR_BYTES_END', `AU headers of ${headerBits} bits`)
    let index = 0
    for (let i = 0; reader.position < 16 + headerBits && i < MAX_FRAMES; i++) {
      const size = reader.bits(sizeLength) // AU-size
      const delta = reader.bits(i === 0 ? indexLength : indexDeltaLength) // AU-Index, AU-Index-delta
      if (i > 0) index += 1 + delta
      if (this.#missingBytes > 0) {
        this.#takeFragment(payload.subarray(at), frames)
        return
      }
      if (at + size > payload.length) {
        if (i > 0 || size > this.#maxFrameBytes)
          throw new DecodeError('ERR_BYTES_END', `frame of ${size} bytes`)
        this.#timestamp = timestamp
        this.#missingBytes = size
        this.#takeFragment(payload.subarray(at), frames)
        return
      }
      if (size > 0) this.#deliver(payload.subarray(at, at + size), timestamp + index * frameSamples, frames)
      at += size
    }
  }

  /** A frame in fragments: each packet says the size of the whole. */
  #takeFragment(fragment: Uint8Array, frames: RtpFrame[]): void {
    if (fragment.length === 0 || fragment.length > this.#missingBytes)
      throw new DecodeError('ERR_BYTES_END', `fragment of ${fragment.length} bytes`)
    this.#fragments.push(fragment)
    this.#missingBytes -= fragment.length
    if (this.#missingBytes > 0) return
    this.#deliver(concatBytes(this.#fragments), this.#timestamp, frames)
    this.#fragments = []
  }

  #deliver(data: Uint8Array, timestamp: number, frames: RtpFrame[]): void {
    frames.push({ timestamp: timestamp >>> 0, data, lost: this.#lost })
    this.#lost = false
  }

  #damage(): void {
    this.#damaged++
    this.#lost = true
    this.#fragments = []
    this.#missingBytes = 0
  }
}

/** Bytes before a frame: AU-headers-length and one AU header of AAC-hbr. */
const HEADER_BYTES = 4

/** Puts AAC frames into packets as AAC-hbr, one a packet, the large ones in fragments. */
export class AacPacketizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    if (data.length > 0x1fff)
      throw new DecodeError('ERR_RTP_PAYLOAD', `AAC frame of ${data.length} bytes exceeds 8191`)
    const payloads: RtpPayload[] = []
    const room = this.#maxBytes - HEADER_BYTES
    for (let at = 0; at < data.length; at += room) {
      const end = Math.min(at + room, data.length)
      const payload = new Uint8Array(HEADER_BYTES + end - at)
      writeU16(payload, 0, 16) // AU-headers-length in bits
      writeU16(payload, 2, data.length << 3) // AU-size 13: of the whole frame | AU-Index 3
      payload.set(data.subarray(at, end), HEADER_BYTES)
      payloads.push({ payload, marker: end === data.length, ticks: 0 })
    }
    return payloads
  }
}
