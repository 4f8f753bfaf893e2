/**
 * H.264 and HEVC in RTP. RFC 6184 §5 and RFC 7798 §4.
 *
 * H.264: a NAL unit | STAP-A 24: header 8, (size 16, NAL unit)* | FU-A 28: indicator 8, S 1 E 1 R 1 type 5, fragment
 * HEVC:  a NAL unit | AP 48: header 16, (size 16, NAL unit)* | FU 49: header 16, S 1 E 1 type 6, fragment
 *
 * Both take the modes that keep NAL units in decoding order: packetization-mode 0 and 1, and sprop-max-don-diff 0.
 *
 * @module
 */
import { readU16, writeU16 } from '../bytes/index.ts'
import {
  avcNalType,
  hevcNalType,
  isAvcc,
  isAvcVcl,
  isHevcVcl,
  joinAvcc,
  splitAnnexB,
  splitAvcc,
} from '../codec/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'
import { UnitAssembly } from './unit-assembly.ts'

/** What the two formats differ in. */
export interface NalPayloadSyntax {
  /** Bytes of a NAL unit header: 1 or 2. */
  readonly headerBytes: number
  /** Type of an aggregation packet. */
  readonly aggregation: number
  /** Type of a fragmentation unit. */
  readonly fragmentation: number
  /** Highest type that is a NAL unit. */
  readonly maxNalType: number
  /** Mask of the type in the header of a fragment. */
  readonly typeMask: number
  /** Type of a NAL unit or packet by its first byte. */
  readonly typeOf: (header: number) => number
  /** The first byte with another type. */
  readonly withType: (header: number, type: number) => number
  /** Whether a NAL unit type carries picture data. */
  readonly isVcl: (type: number) => boolean
  /** Whether picture data begins a picture; `at` is where the header of the NAL unit ends. */
  readonly beginsPicture: (bytes: Uint8Array, at: number) => boolean
}

/** RFC 6184. */
export const AVC_PAYLOAD: NalPayloadSyntax = {
  headerBytes: 1,
  aggregation: 24, // STAP-A
  fragmentation: 28, // FU-A
  maxNalType: 23,
  typeMask: 0x1f,
  typeOf: avcNalType,
  withType: (header, type) => (header & 0xe0) | type,
  isVcl: isAvcVcl,
  beginsPicture: (bytes, at) => (bytes[at]! & 0x80) !== 0, // first_mb_in_slice ue(v) 0
}

/** RFC 7798. */
export const HEVC_PAYLOAD: NalPayloadSyntax = {
  headerBytes: 2,
  aggregation: 48, // AP
  fragmentation: 49, // FU
  maxNalType: 47,
  typeMask: 0x3f,
  typeOf: hevcNalType,
  withType: (header, type) => (header & 0x81) | (type << 1),
  isVcl: isHevcVcl,
  beginsPicture: (bytes, at) => (bytes[at]! & 0x80) !== 0, // first_slice_segment_in_pic_flag
}

/**
 * Puts access units together, with lengths of 4 bytes. A unit ends with the marker; a sender whose markers lie, so that slices of the same
 * picture come after one, is found out by its first such unit, and its units end with the next timestamp from then on. A unit of which a
 * packet is missing is thrown away whole.
 */
export class NalDepacketizer implements Depacketizer {
  readonly #syntax: NalPayloadSyntax
  readonly #assembly: UnitAssembly
  #markersLie: boolean
  #lastTimestamp: number
  #lastHadPicture: boolean
  #hasPicture: boolean
  #damaged: number

  constructor(syntax: NalPayloadSyntax, options: DepacketizerOptions = {}) {
    this.#syntax = syntax
    this.#assembly = new UnitAssembly(options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES)
    this.#markersLie = false
    this.#lastTimestamp = -1
    this.#lastHadPicture = false
    this.#hasPicture = false
    this.#damaged = 0
  }

  get damagedCount(): number {
    return this.#damaged + this.#assembly.damagedCount
  }

  push(packet: RtpPacket, lost: boolean): RtpFrame[] {
    const frames: RtpFrame[] = []
    const assembly = this.#assembly
    if (lost) assembly.lose()
    if (assembly.active && assembly.timestamp !== packet.timestamp) this.#end(frames)
    if (packet.payload.length < this.#syntax.headerBytes) {
      if (packet.payload.length > 0) this.#damage()
      return frames
    }
    if (!assembly.active) assembly.begin(packet.timestamp)
    this.#take(packet.payload)
    if (packet.marker && !this.#markersLie) this.#end(frames)
    return frames
  }

  flush(): RtpFrame | undefined {
    const frames: RtpFrame[] = []
    if (this.#assembly.active) this.#end(frames)
    return frames[0]
  }

  #take(payload: Uint8Array): void {
    const { headerBytes, aggregation, fragmentation, maxNalType, typeMask, typeOf, withType } = this.#syntax
    const type = typeOf(payload[0]!)
    if (type === aggregation) this.#takeAggregation(payload)
    else if (type === fragmentation) {
      if (payload.length < headerBytes + 2) {
        this.#damage()
        return
      }
      const fragmentHeader = payload[headerBytes]!
      const first = (fragmentHeader & 0x80) !== 0 // S
      const last = (fragmentHeader & 0x40) !== 0 // E
      if (!first) {
        this.#assembly.addFragment(payload.subarray(headerBytes + 1), false, last)
        return
      }
      // The header of the NAL unit is put together again, and takes the place of that of the fragment.
      const part = payload.slice(1)
      part[0] = withType(payload[0]!, fragmentHeader & typeMask)
      if (headerBytes === 2) part[1] = payload[1]!
      this.#note(part)
      this.#assembly.addFragment(part, true, last)
    } else if (type > 0 || headerBytes === 2) {
      if (type > maxNalType) this.#damage()
      else {
        this.#note(payload)
        this.#assembly.add(payload)
      }
    } else this.#damage()
  }

  #takeAggregation(payload: Uint8Array): void {
    let at = this.#syntax.headerBytes
    while (at + 2 <= payload.length) {
      const end = at + 2 + readU16(payload, at) // NALU size
      if (end > payload.length) break
      const part = payload.subarray(at + 2, end)
      if (part.length >= this.#syntax.headerBytes) {
        this.#note(part)
        this.#assembly.add(part)
      }
      at = end
    }
    if (at !== payload.length) this.#damage()
  }

  /** Looks at a NAL unit, or the start of one. */
  #note(part: Uint8Array): void {
    const { headerBytes, isVcl, typeOf, beginsPicture } = this.#syntax
    if (!isVcl(typeOf(part[0]!))) return
    const begins = part.length > headerBytes && beginsPicture(part, headerBytes)
    if (!this.#hasPicture && !begins) {
      const isSplit = this.#lastHadPicture && this.#lastTimestamp === this.#assembly.timestamp
      if (isSplit) this.#markersLie = true
      this.#assembly.spoil() // its first slice is missing
    }
    this.#hasPicture = true
  }

  #damage(): void {
    this.#damaged++
    this.#assembly.spoil()
  }

  #end(frames: RtpFrame[]): void {
    this.#lastTimestamp = this.#assembly.timestamp
    this.#lastHadPicture = this.#hasPicture
    this.#hasPicture = false
    const unit = this.#assembly.end()
    if (unit !== undefined)
      frames.push({ timestamp: unit.timestamp, data: joinAvcc(unit.parts), lost: unit.lost })
  }
}

/** Puts access units into packets: small NAL units that follow each other share one, large ones go in fragments. */
export class NalPacketizer implements Packetizer {
  readonly #syntax: NalPayloadSyntax
  readonly #maxBytes: number

  constructor(syntax: NalPayloadSyntax, maxBytes: number) {
    this.#syntax = syntax
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    const syntax = this.#syntax
    const maxBytes = this.#maxBytes
    const payloads: Uint8Array[] = []
    let group: Uint8Array[] = []
    let groupBytes = syntax.headerBytes
    const endGroup = (): void => {
      if (group.length > 0)
        payloads.push(group.length === 1 ? group[0]! : aggregate(syntax, group, groupBytes))
      group = []
      groupBytes = syntax.headerBytes
    }
    for (const nalUnit of isAvcc(data, 4) ? splitAvcc(data, 4) : splitAnnexB(data)) {
      if (nalUnit.length <= syntax.headerBytes) continue
      if (groupBytes + 2 + nalUnit.length > maxBytes) endGroup()
      if (nalUnit.length > maxBytes) fragment(syntax, nalUnit, maxBytes, payloads)
      else {
        group.push(nalUnit)
        groupBytes += 2 + nalUnit.length
      }
    }
    endGroup()
    return payloads.map((payload, i) => ({ payload, marker: i === payloads.length - 1, ticks: 0 }))
  }
}

function aggregate(syntax: NalPayloadSyntax, nalUnits: readonly Uint8Array[], bytes: number): Uint8Array {
  const { headerBytes, aggregation, withType } = syntax
  const out = new Uint8Array(bytes)
  const [first] = nalUnits as [Uint8Array]
  // F 1 if any is 1, NRI the greatest of all (RFC 6184 §5.7); LayerId and TID the lowest (RFC 7798 §4.4.2)
  let header = first[0]!
  for (const nalUnit of nalUnits) if (headerBytes === 1) header = Math.max(header & 0x60, nalUnit[0]! & 0x60)
  out[0] = withType(header, aggregation)
  if (headerBytes === 2) out[1] = Math.min(...nalUnits.map((nalUnit) => nalUnit[1]!))
  let at = headerBytes
  for (const nalUnit of nalUnits) {
    writeU16(out, at, nalUnit.length) // NALU size
    out.set(nalUnit, at + 2)
    at += 2 + nalUnit.length
  }
  return out
}

function fragment(
  syntax: NalPayloadSyntax,
  nalUnit: Uint8Array,
  maxBytes: number,
  payloads: Uint8Array[],
): void {
  const { headerBytes, fragmentation, typeOf, withType } = syntax
  const type = typeOf(nalUnit[0]!)
  const room = maxBytes - headerBytes - 1
  for (let at = headerBytes; at < nalUnit.length; at += room) {
    const end = Math.min(at + room, nalUnit.length)
    const out = new Uint8Array(headerBytes + 1 + end - at)
    out[0] = withType(nalUnit[0]!, fragmentation)
    if (headerBytes === 2) out[1] = nalUnit[1]!
    out[headerBytes] = (at === headerBytes ? 0x80 : 0) | (end === nalUnit.length ? 0x40 : 0) | type // S | E | type
    out.set(nalUnit.subarray(at, end), headerBytes + 1)
    payloads.push(out)
  }
}
