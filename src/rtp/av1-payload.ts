/**
 * AV1. RTP Payload Format For AV1 (AOMedia, version 1.0) §4.3 to §4.5.
 *
 * Layout: Z 1, Y 1, W 2, N 1, reserved 3 | (size leb128, OBU or a part of one)*; with W > 0 there are W, and the last has no size
 * Z: the first continues that of the packet before. Y: the last goes on in the next packet. N: a coded video sequence begins.
 *
 * @module
 */
import { concatBytes } from '../bytes/index.ts'
import { encodeLeb128, OBU_SEQUENCE_HEADER, OBU_TEMPORAL_DELIMITER, ObuReader } from '../codec/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'
import { UnitAssembly } from './unit-assembly.ts'

/** obu_type of a tile list, which RTP does not carry. */
const OBU_TILE_LIST = 8
const OBU_HAS_SIZE = 0x02
const OBU_EXTENSION = 0x04

/** Puts temporal units together, each OBU with its size, without temporal delimiter. */
export class Av1Depacketizer implements Depacketizer {
  readonly #assembly: UnitAssembly
  #open: boolean
  #damaged: number

  constructor(options: DepacketizerOptions = {}) {
    this.#assembly = new UnitAssembly(options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES)
    this.#open = false
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
    if (!assembly.active) {
      assembly.begin(timestamp)
      this.#open = false
    }
    if (!this.#take(payload)) {
      this.#damaged++
      assembly.spoil()
    }
    if (marker) this.#end(frames)
    return frames
  }

  flush(): RtpFrame | undefined {
    const frames: RtpFrame[] = []
    if (this.#assembly.active) this.#end(frames)
    return frames[0]
  }

  #take(payload: Uint8Array): boolean {
    const head = payload[0]!
    const continues = (head & 0x80) !== 0 // Z
    const goesOn = (head & 0x40) !== 0 // Y
    const count = (head >> 4) & 3 // W
    let at = 1
    for (let i = 0; at < payload.length; i++) {
      let end = payload.length
      if (count === 0 || i < count - 1) {
        let size = 0
        let shift = 0
        for (;;) {
          const byte = payload[at++]
          if (byte === undefined || shift > 28) return false
          size += (byte & 0x7f) * 2 ** shift
          shift += 7
          if (byte < 0x80) break
        }
        end = at + size
        if (end > payload.length) return false
      } else if (i >= count) return false
      const isFirst = i === 0
      const isLast = end === payload.length
      const part = payload.subarray(at, end)
      if (part.length > 0) this.#add(part, !(isFirst && continues), !(isLast && goesOn))
      at = end
    }
    return true
  }

  #add(part: Uint8Array, first: boolean, last: boolean): void {
    if (first && last && !this.#open) this.#assembly.add(part)
    else {
      this.#assembly.addFragment(part, first, last)
      this.#open = !last
    }
  }

  #end(frames: RtpFrame[]): void {
    this.#open = false
    const unit = this.#assembly.end()
    if (unit === undefined) return
    const parts = unit.parts.flatMap((obu) => sizedObu(obu))
    if (parts.length > 0)
      frames.push({ timestamp: unit.timestamp, data: concatBytes(parts), lost: unit.lost })
  }
}

/** An OBU with its size field, which RTP leaves out; nothing for what it should not carry. */
function sizedObu(obu: Uint8Array): Uint8Array[] {
  const header = obu[0]!
  const type = (header >> 3) & 0x0f
  if (type === OBU_TEMPORAL_DELIMITER || type === OBU_TILE_LIST) return []
  if ((header & OBU_HAS_SIZE) !== 0) return [obu]
  const headerBytes = (header & OBU_EXTENSION) === 0 ? 1 : 2
  if (obu.length < headerBytes) return []
  const head = obu.slice(0, headerBytes)
  head[0] = header | OBU_HAS_SIZE
  return [head, encodeLeb128(obu.length - headerBytes), obu.subarray(headerBytes)]
}

/** Puts temporal units into packets: OBUs without size field, each with its size as an element, in fragments where they do not fit. */
export class Av1Packetizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    const obus: Uint8Array[] = []
    let begins = false
    const reader = new ObuReader()
    reader.reset(data)
    let at = 0
    while (reader.next()) {
      begins ||= reader.type === OBU_SEQUENCE_HEADER
      const headerBytes = (data[at]! & OBU_EXTENSION) === 0 ? 1 : 2
      const bare = concatBytes([data.subarray(at, at + headerBytes), data.subarray(reader.start, reader.end)])
      bare[0] = bare[0]! & ~OBU_HAS_SIZE
      if (reader.type !== OBU_TEMPORAL_DELIMITER && reader.type !== OBU_TILE_LIST) obus.push(bare)
      at = reader.end
    }
    return this.#packets(obus, begins)
  }

  #packets(obus: readonly Uint8Array[], begins: boolean): RtpPayload[] {
    const payloads: Uint8Array[] = []
    let elements: Uint8Array[] = []
    let room = this.#maxBytes - 1
    let continues = false
    const send = (goesOn: boolean): void => {
      const n = begins && payloads.length === 0 ? 0x08 : 0
      const head = (continues ? 0x80 : 0) | (goesOn ? 0x40 : 0) | n // Z | Y | W 0: all have sizes | N
      payloads.push(concatBytes([Uint8Array.of(head), ...elements]))
      elements = []
      room = this.#maxBytes - 1
      continues = goesOn
    }
    for (const obu of obus) {
      for (let at = 0; at < obu.length;) {
        // A size of the rest takes as many bytes as any smaller one needs at most.
        const take = Math.min(obu.length - at, room - encodeLeb128(obu.length - at).length)
        if (take < 1) {
          send(at > 0)
          continue
        }
        elements.push(encodeLeb128(take), obu.subarray(at, at + take))
        room -= encodeLeb128(take).length + take
        at += take
        if (at < obu.length) send(true)
      }
    }
    if (elements.length > 0) send(false)
    return payloads.map((payload, i) => ({ payload, marker: i === payloads.length - 1, ticks: 0 }))
  }
}
