/**
 * Access units of one video track on their way to packets.
 *
 * @module
 */
import { concatBytes, equalBytes, writeU32 } from '../bytes/index.ts'
import {
  AVC_NAL_ACCESS_UNIT_DELIMITER,
  AVC_NAL_PPS,
  AVC_NAL_SPS,
  avcNalType,
  describeTrack,
  HEVC_NAL_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_PPS,
  HEVC_NAL_SPS,
  HEVC_NAL_VPS,
  hevcNalType,
  inBandConfiguration,
  isAvcc,
  isAvcRandomAccess,
  isAvcVcl,
  isHevcRandomAccess,
  isHevcVcl,
  joinAvcc,
  OBU_SEQUENCE_HEADER,
  OBU_TEMPORAL_DELIMITER,
  ObuReader,
  reorderDepth,
  splitAnnexB,
  splitAvcc,
  vpKeyframeConfiguration,
} from '../codec/index.ts'
import { DecodeError, MediaError } from '../errors/index.ts'
import type { AccessUnit } from './access-unit.ts'
import type { FourCc } from './codecs.ts'
import { DecodeTimes } from './decode-times.ts'
import type { MediaPacket } from './media-packet.ts'
import { packetFromTag, TAG_TYPE_VIDEO } from './packet-from-tag.ts'
import { UnitClock } from './unit-clock.ts'
import { VideoFormat } from './video-unit.ts'
import {
  encodeVideoTagHeader,
  VIDEO_FRAME_TYPE_INTER,
  VIDEO_FRAME_TYPE_KEY,
  VIDEO_PACKET_TYPE_CODED_FRAMES,
  VIDEO_PACKET_TYPE_SEQUENCE_START,
} from './video-tag-header.ts'

/** How the NAL units of a codec are told apart. */
interface NalSyntax {
  typeOf(header: number): number
  isVcl(type: number): boolean
  isRandomAccess(type: number): boolean
  readonly delimiter: number
  readonly parameterSets: readonly number[]
}

const NAL_SYNTAXES: ReadonlyMap<FourCc, NalSyntax> = new Map([
  [
    'avc1',
    {
      typeOf: avcNalType,
      isVcl: isAvcVcl,
      isRandomAccess: isAvcRandomAccess,
      delimiter: AVC_NAL_ACCESS_UNIT_DELIMITER,
      parameterSets: [AVC_NAL_SPS, AVC_NAL_PPS],
    },
  ],
  [
    'hvc1',
    {
      typeOf: hevcNalType,
      isVcl: isHevcVcl,
      isRandomAccess: isHevcRandomAccess,
      delimiter: HEVC_NAL_ACCESS_UNIT_DELIMITER,
      parameterSets: [HEVC_NAL_VPS, HEVC_NAL_SPS, HEVC_NAL_PPS],
    },
  ],
])

/** Parameter sets kept until all are there: each type has ids up to 255 at most, and a peer could repeat them for ever. */
const MAX_HELD_SETS = 64

/** How long a picture lasts where the stream does not say. */
const USUAL_FRAME_MS = 40

/** Composition times have 24 bits and a sign. */
const MAX_CTS = 0x7f_ffff

/** What is in a unit, apart from its configuration. */
interface Picture {
  /** Parts of the payload: NAL units, or the frame as it is. */
  readonly parts: readonly Uint8Array[]
  readonly randomAccess: boolean
}

/** Takes the units of one video track. */
export class VideoIntake {
  readonly codec: FourCc
  readonly #trackId: number | undefined
  readonly #syntax: NalSyntax | undefined
  readonly #clock: UnitClock
  readonly #decodeTimes: DecodeTimes
  #configuration: Uint8Array | undefined
  #announced: Uint8Array | undefined
  #apart: Uint8Array | undefined
  #heldSets: Uint8Array[]
  #frameMs: number
  #waits: boolean

  constructor(codec: FourCc, trackId: number) {
    this.codec = codec
    this.#trackId = trackId === 0 ? undefined : trackId
    this.#syntax = NAL_SYNTAXES.get(codec)
    this.#clock = new UnitClock()
    this.#decodeTimes = new DecodeTimes()
    this.#configuration = undefined
    this.#announced = undefined
    this.#apart = undefined
    this.#heldSets = []
    this.#frameMs = USUAL_FRAME_MS
    this.#waits = true
  }

  /** Pictures are missing: what refers to them cannot be shown. */
  lose(): void {
    this.#waits = true
  }

  /** Appends the packets of one unit. @returns `false` if it is left out. @throws MediaError for damaged bytes. */
  push(unit: AccessUnit, packets: MediaPacket[]): boolean {
    if (unit.lost === true) this.lose()
    const { configuration } = unit
    if (configuration !== undefined && configuration !== this.#apart) {
      this.#apart = configuration
      this.#takeApart(configuration)
    }
    const { parts, randomAccess } = this.#read(unit)
    if (parts.length === 0) return true
    const time = this.#clock.next(unit.pts ?? unit.dts)
    if (time === undefined || this.#configuration === undefined) return false
    if (this.#waits && !randomAccess) return false
    this.#waits = false
    if (this.#announced !== this.#configuration) {
      const facts = describeTrack(this.codec, this.#configuration)
      this.#frameMs = facts.frameRate === undefined ? USUAL_FRAME_MS : 1000 / facts.frameRate
      this.#decodeTimes.restart(reorderDepth(this.codec, this.#configuration))
    }
    const dts = Math.round(unit.dts ?? this.#decodeTimes.next(time, this.#frameMs))
    const cts = Math.max(-MAX_CTS, Math.min(MAX_CTS, Math.round(time) - dts))
    if (this.#announced !== this.#configuration) {
      this.#announced = this.#configuration
      const head = this.#headOf(VIDEO_PACKET_TYPE_SEQUENCE_START, true, 0)
      packets.push(packetFromTag(TAG_TYPE_VIDEO, dts, concatBytes([head, this.#configuration])))
    }
    const head = this.#headOf(VIDEO_PACKET_TYPE_CODED_FRAMES, randomAccess, cts)
    const body = this.#syntax === undefined ? concatBytes([head, ...parts]) : prefixed(head, parts)
    packets.push(packetFromTag(TAG_TYPE_VIDEO, dts, body))
    return true
  }

  #headOf(packetType: number, key: boolean, cts: number): Uint8Array {
    const { codec } = this
    const frameType = key ? VIDEO_FRAME_TYPE_KEY : VIDEO_FRAME_TYPE_INTER
    return encodeVideoTagHeader({ codec, packetType, frameType, cts, trackId: this.#trackId })
  }

  /**
   * A record that came apart. That of H.264 or HEVC is written again: its lengths may have another size than those of the units. One that
   * cannot be read leaves it to the units.
   */
  #takeApart(configuration: Uint8Array): void {
    if (this.#syntax === undefined) {
      if (configuration.length > 0) this.#configuration = configuration.slice()
      return
    }
    try {
      const sets = VideoFormat.of(this.codec, configuration)?.prefixedSets
      const record = sets && inBandConfiguration(this.codec, sets, this.#configuration)
      this.#configuration = record ?? this.#configuration
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
    }
  }

  #read(unit: AccessUnit): Picture {
    if (this.#syntax !== undefined) return this.#readNalUnits(unit, this.#syntax)
    const { data } = unit
    const known = this.codec === 'av01' ? this.#configuration : this.#apart
    const found = inBandConfiguration(this.codec, data, known)
    const now = this.#configuration
    if (found !== undefined && !(now !== undefined && equalBytes(now, found))) this.#configuration = found
    if (data.length === 0) throw new DecodeError('ERR_BYTES_END', `empty frame of ${this.codec}`)
    const randomAccess = unit.randomAccess === true || isKeyframe(this.codec, data)
    return { parts: this.codec === 'av01' ? withoutDelimiter(data) : [data], randomAccess }
  }

  #readNalUnits(unit: AccessUnit, syntax: NalSyntax): Picture {
    const { data } = unit
    const parts: Uint8Array[] = []
    const sets: Uint8Array[] = []
    let hasPicture = false
    let randomAccess = unit.randomAccess === true
    for (const nalUnit of isAvcc(data, 4) ? splitAvcc(data, 4) : splitAnnexB(data)) {
      const type = syntax.typeOf(nalUnit[0]!)
      if (syntax.parameterSets.includes(type)) sets.push(nalUnit)
      else if (type !== syntax.delimiter) parts.push(nalUnit)
      hasPicture ||= syntax.isVcl(type)
      randomAccess ||= syntax.isRandomAccess(type)
    }
    if (sets.length > 0) this.#takeSets(sets)
    // SEI alone, or parameter sets alone, are no picture.
    return { parts: hasPicture ? parts : [], randomAccess }
  }

  /** Parameter sets may come one by one, each as a unit of its own. */
  #takeSets(sets: readonly Uint8Array[]): void {
    const all = [...this.#heldSets, ...sets.map((set) => set.slice())]
    const record = inBandConfiguration(this.codec, joinAvcc(all), this.#configuration)
    if (record !== undefined) this.#configuration = record
    this.#heldSets = this.#configuration === undefined ? all.slice(-MAX_HELD_SETS) : []
  }
}

/** A tag body: header, then NAL units with lengths of 4 bytes. */
function prefixed(head: Uint8Array, nalUnits: readonly Uint8Array[]): Uint8Array {
  let length = head.length
  for (const nalUnit of nalUnits) length += 4 + nalUnit.length
  const body = new Uint8Array(length)
  body.set(head)
  let at = head.length
  for (const nalUnit of nalUnits) {
    writeU32(body, at, nalUnit.length) // NALUnitLength
    body.set(nalUnit, at + 4)
    at += 4 + nalUnit.length
  }
  return body
}

/** A sequence header opens a coded video sequence of AV1; in VP8 and VP9 the frame header tells. */
function isKeyframe(codec: FourCc, data: Uint8Array): boolean {
  if (codec === 'vp08' || codec === 'vp09') return vpKeyframeConfiguration(codec, data) !== undefined
  if (codec !== 'av01') return false
  const reader = new ObuReader()
  reader.reset(data)
  while (reader.next()) if (reader.type === OBU_SEQUENCE_HEADER) return true
  return false
}

/** A temporal unit as FLV has it: AV1 in Enhanced RTMP comes without temporal delimiter. */
function withoutDelimiter(data: Uint8Array): readonly Uint8Array[] {
  const reader = new ObuReader()
  reader.reset(data)
  const first = reader.next() && reader.type === OBU_TEMPORAL_DELIMITER ? data.subarray(reader.end) : data
  return first.length === 0 ? [] : [first]
}
