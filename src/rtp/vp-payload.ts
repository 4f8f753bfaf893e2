/**
 * VP8 and VP9. RFC 7741 §4.2 and RFC 9628 §4.2.
 *
 * VP8: X 1, R 1, N 1, S 1, R 1, PID 3 | X: I 1, L 1, T 1, K 1, RSV 4 | I: M 1, picture id 7 or 15 | L: TL0PICIDX 8 | T or K: 8 | part
 * VP9: I 1, P 1, L 1, F 1, B 1, E 1, V 1, Z 1 | I: M 1, picture id 7 or 15 | L: TID 3, U 1, SID 3, D 1, unless F TL0PICIDX 8
 *      | F and P: (P_DIFF 7, N 1) up to 3 | V: scalability structure | part
 *
 * @module
 */
import { concatBytes } from '../bytes/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'
import { UnitAssembly } from './unit-assembly.ts'

/** Where the part of a frame begins in a payload, and whether the frame does. */
interface Descriptor {
  readonly bytes: number
  readonly begins: boolean
}

/** Puts frames of VP8 or VP9 together. All spatial layers of a VP9 picture are one unit. */
export class VpDepacketizer implements Depacketizer {
  readonly #read: (payload: Uint8Array) => Descriptor | undefined
  readonly #assembly: UnitAssembly
  #damaged: number

  constructor(codec: 'vp08' | 'vp09', options: DepacketizerOptions = {}) {
    this.#read = codec === 'vp08' ? readVp8Descriptor : readVp9Descriptor
    this.#assembly = new UnitAssembly(options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES)
    this.#damaged = 0
  }

  get damagedCount(): number {
    return this.#damaged + this.#assembly.damagedCount
  }

  push({ timestamp, payload, marker }: RtpPacket, lost: boolean): RtpFrame[] {
    const frames: RtpFrame[] = []
    const assembly = this.#assembly
    if (lost) assembly.lose()
    if (assembly.active && assembly.timestamp !== timestamp) this.#end(frames)
    if (payload.length === 0) return frames
    const descriptor = this.#read(payload)
    const begins = !assembly.active
    if (begins) assembly.begin(timestamp)
    if (descriptor === undefined || descriptor.bytes >= payload.length) {
      this.#damaged++
      assembly.spoil()
    } else {
      if (begins && !descriptor.begins) assembly.spoil()
      assembly.add(payload.subarray(descriptor.bytes))
    }
    if (marker) this.#end(frames)
    return frames
  }

  flush(): RtpFrame | undefined {
    const frames: RtpFrame[] = []
    if (this.#assembly.active) this.#end(frames)
    return frames[0]
  }

  #end(frames: RtpFrame[]): void {
    const unit = this.#assembly.end()
    if (unit !== undefined)
      frames.push({ timestamp: unit.timestamp, data: concatBytes(unit.parts), lost: unit.lost })
  }
}

function readVp8Descriptor(payload: Uint8Array): Descriptor | undefined {
  const b0 = payload[0]!
  const begins = (b0 & 0x17) === 0x10 // S 1, PID 0
  let at = 1
  if ((b0 & 0x80) !== 0) {
    const flags = payload[at++] ?? 0
    if ((flags & 0x80) !== 0) at += pictureIdBytes(payload, at)
    if ((flags & 0x40) !== 0) at++ // TL0PICIDX
    if ((flags & 0x30) !== 0) at++ // TID, Y, KEYIDX
  }
  return at < payload.length ? { bytes: at, begins } : undefined
}

function readVp9Descriptor(payload: Uint8Array): Descriptor | undefined {
  const b0 = payload[0]!
  const flexible = (b0 & 0x10) !== 0
  let at = 1
  if ((b0 & 0x80) !== 0) at += pictureIdBytes(payload, at)
  if ((b0 & 0x20) !== 0) at += flexible ? 1 : 2 // layer indices, TL0PICIDX
  if (flexible && (b0 & 0x40) !== 0) {
    for (let i = 0; i < 3; i++) if (((payload[at++] ?? 0) & 0x01) === 0) break // P_DIFF, N
  }
  if ((b0 & 0x02) !== 0) {
    // N_S 3, Y 1, G 1, reserved 3 | Y: (width 16, height 16) × (N_S + 1) | G: N_G 8, (TID 3, U 1, R 2, reserved 2 | P_DIFF 8 × R) × N_G
    const structure = payload[at++] ?? 0
    if ((structure & 0x10) !== 0) at += 4 * ((structure >> 5) + 1)
    if ((structure & 0x08) !== 0) {
      const count = payload[at++] ?? 0
      for (let i = 0; i < count; i++) at += 1 + (((payload[at] ?? 0) >> 2) & 3)
    }
  }
  return at < payload.length ? { bytes: at, begins: (b0 & 0x08) !== 0 } : undefined
}

/** M 1 says whether the picture id has 15 bits. */
function pictureIdBytes(payload: Uint8Array, at: number): number {
  return ((payload[at] ?? 0) & 0x80) === 0 ? 1 : 2
}

/** Puts frames of VP8 or VP9 into packets, with picture ids of 15 bits. */
export class VpPacketizer implements Packetizer {
  readonly #codec: 'vp08' | 'vp09'
  readonly #maxBytes: number
  #pictureId: number

  constructor(codec: 'vp08' | 'vp09', maxBytes: number) {
    this.#codec = codec
    this.#maxBytes = maxBytes
    this.#pictureId = 0
  }

  push(data: Uint8Array): RtpPayload[] {
    const payloads: RtpPayload[] = []
    const headBytes = this.#codec === 'vp08' ? 4 : 3
    const room = this.#maxBytes - headBytes
    for (let at = 0; at < data.length; at += room) {
      const end = Math.min(at + room, data.length)
      const payload = new Uint8Array(headBytes + end - at)
      const id = headBytes - 2
      if (this.#codec === 'vp08') {
        payload[0] = 0x80 | (at === 0 ? 0x10 : 0) // X | S
        payload[1] = 0x80 // I
      } else {
        const inter = isVp9Inter(data) ? 0x40 : 0
        payload[0] = 0x80 | inter | (at === 0 ? 0x08 : 0) | (end === data.length ? 0x04 : 0) // I | P | B | E
      }
      payload[id] = 0x80 | (this.#pictureId >> 8) // M | picture id 15
      payload[id + 1] = this.#pictureId & 0xff
      payload.set(data.subarray(at, end), headBytes)
      payloads.push({ payload, marker: end === data.length, ticks: 0 })
    }
    this.#pictureId = (this.#pictureId + 1) & 0x7fff
    return payloads
  }
}

/** Whether a frame of VP9 refers to others: frame_type, after frame_marker 2, profile 2 (and reserved 1), show_existing_frame 1. */
function isVp9Inter(frame: Uint8Array): boolean {
  const b0 = frame[0] ?? 0
  const isProfile3 = (b0 & 0x30) === 0x30
  return (b0 & (isProfile3 ? 0x02 : 0x04)) !== 0
}
