/**
 * Decoder configuration out of access units: some encoders send H.264 and HEVC with parameter sets in band alone, or change them there;
 * AV1, VP8 and VP9 have in band all that a record says.
 *
 * @module
 */
import { concatBytes, equalBytes } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'
import { splitAnnexB, startsWithStartCode } from './annex-b.ts'
import { encodeAv1Configuration } from './av1-configuration.ts'
import { encodeLeb128, OBU_SEQUENCE_HEADER, ObuReader } from './av1-obu.ts'
import { decodeAv1SequenceHeader } from './av1-sequence-header.ts'
import {
  createAvcConfiguration,
  decodeAvcConfiguration,
  encodeAvcConfiguration,
} from './avc-configuration.ts'
import { AVC_NAL_PPS, AVC_NAL_SPS, avcNalType } from './avc-nal.ts'
import {
  createHevcConfiguration,
  decodeHevcConfiguration,
  encodeHevcConfiguration,
} from './hevc-configuration.ts'
import { HEVC_NAL_PPS, HEVC_NAL_SPS, HEVC_NAL_VPS, hevcNalType } from './hevc-nal.ts'
import { isAvcc, splitAvcc } from './nal-length.ts'
import { encodeVpConfiguration } from './vp-configuration.ts'
import { vpKeyframeConfiguration } from './vp-frame-size.ts'

/** Parameter sets by type, in the order in which a record has them. */
type ParameterSets = readonly (readonly Uint8Array[])[]

interface Kind {
  /** NAL unit types: those of the sequence, that of the picture. */
  readonly types: readonly number[]
  typeOf(header: number): number
  read(record: Uint8Array): { readonly nalLengthSize: number; readonly sets: ParameterSets }
  write(sets: ParameterSets, nalLengthSize: number): Uint8Array
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  [
    'avc1',
    {
      types: [AVC_NAL_SPS, AVC_NAL_PPS],
      typeOf: avcNalType,
      read(record) {
        const { nalLengthSize, sps, pps } = decodeAvcConfiguration(record)
        return { nalLengthSize, sets: [sps, pps] }
      },
      write([sps = [], pps = []], nalLengthSize) {
        return encodeAvcConfiguration({ ...createAvcConfiguration(sps, pps), nalLengthSize })
      },
    },
  ],
  [
    'hvc1',
    {
      types: [HEVC_NAL_VPS, HEVC_NAL_SPS, HEVC_NAL_PPS],
      typeOf: hevcNalType,
      read(record) {
        const { nalLengthSize, vps, sps, pps } = decodeHevcConfiguration(record)
        return { nalLengthSize, sets: [vps, sps, pps] }
      },
      write([vps = [], sps = [], pps = []], nalLengthSize) {
        return encodeHevcConfiguration({ ...createHevcConfiguration(vps, sps, pps), nalLengthSize })
      },
    },
  ],
])

/** Parameter sets of one type that a record takes: numOfSequenceParameterSets of avcC has 5 bits. */
const MAX_SETS = 31

/**
 * The decoder configuration record that an access unit brings in band: avcC or hvcC in the parameter sets of H.264 or HEVC, av1C in the
 * sequence header of AV1, vpcC in a keyframe of VP8 or VP9.
 * @param codec - `avc1`, `hvc1`, `av01`, `vp08` or `vp09`; any other brings none.
 * @param accessUnit - NAL units with lengths as `configuration` says, else of 4 bytes, or Annex B; otherwise the frame.
 * @param configuration - the record in force. One of VP8 or VP9 stays in force: it says more than their frames do.
 * @returns a record with the new parameter sets; `undefined` when there is nothing new, when sets are missing still, and for what cannot be
 * read.
 */
export function inBandConfiguration(
  codec: string,
  accessUnit: Uint8Array,
  configuration?: Uint8Array,
): Uint8Array | undefined {
  if (codec === 'av01') return av1Configuration(accessUnit, configuration)
  if (codec === 'vp08' || codec === 'vp09') {
    const found = configuration === undefined ? vpKeyframeConfiguration(codec, accessUnit) : undefined
    return found && encodeVpConfiguration(found)
  }
  const kind = KINDS.get(codec)
  if (kind === undefined) return undefined
  try {
    const known =
      configuration === undefined
        ? { nalLengthSize: 4, sets: kind.types.map(() => []) }
        : kind.read(configuration)
    const sets = merged(known.sets, newSets(kind, accessUnit, known))
    const isWritable = sets?.every(
      (units) => units.length > 0 && units.length <= MAX_SETS && units.every(hasLength),
    )
    return sets !== undefined && isWritable === true ? kind.write(sets, known.nalLengthSize) : undefined
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** The av1C of a temporal unit whose sequence header differs from that in force. */
function av1Configuration(temporalUnit: Uint8Array, configuration?: Uint8Array): Uint8Array | undefined {
  const header = sequenceHeaderIn(temporalUnit)
  if (header === undefined) return undefined
  const known = configuration === undefined ? undefined : sequenceHeaderIn(configuration.subarray(4))
  if (known !== undefined && equalBytes(known, header)) return undefined
  try {
    const facts = decodeAv1SequenceHeader(header)
    const configObus = concatBytes([
      Uint8Array.of((OBU_SEQUENCE_HEADER << 3) | 2),
      encodeLeb128(header.length),
      header,
    ])
    return encodeAv1Configuration({ ...facts, initialPresentationDelay: undefined, configObus })
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** Payload of the first sequence header OBU; `undefined` without one. */
function sequenceHeaderIn(obus: Uint8Array): Uint8Array | undefined {
  const reader = new ObuReader()
  reader.reset(obus)
  try {
    while (reader.next())
      if (reader.type === OBU_SEQUENCE_HEADER) return obus.subarray(reader.start, reader.end)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return undefined
}

/** The parameter sets of an access unit that are not in force. */
function newSets(kind: Kind, accessUnit: Uint8Array, known: ReturnType<Kind['read']>): ParameterSets {
  const isAnnexB = !isAvcc(accessUnit, known.nalLengthSize) && startsWithStartCode(accessUnit)
  const units = isAnnexB ? splitAnnexB(accessUnit) : splitAvcc(accessUnit, known.nalLengthSize)
  return kind.types.map((type, i) =>
    units.filter(
      (unit) => kind.typeOf(unit[0]!) === type && !known.sets[i]!.some((set) => equalBytes(set, unit)),
    ),
  )
}

/** A new sequence takes the place of the one before, with its pictures; new picture sets alone are added, and replace those of their ids. */
function merged(known: ParameterSets, found: ParameterSets): ParameterSets | undefined {
  if (found.every((units) => units.length === 0)) return undefined
  const isNewSequence = found.slice(0, -1).some((units) => units.length > 0)
  return found.map((units, i) => {
    if (units.length === 0) return known[i]!
    return isNewSequence ? units : [...known[i]!, ...units]
  })
}

/** The length of a set has 16 bits in a record. */
function hasLength(set: Uint8Array): boolean {
  return set.length <= 0xffff
}
