/**
 * Decoder configuration out of access units: some encoders send H.264 and HEVC with parameter sets in band alone, or change them there.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'
import { splitAnnexB, startsWithStartCode } from './annex-b.ts'
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
 * The decoder configuration record, avcC or hvcC, that an access unit of H.264 or HEVC brings in band.
 * @param codec - `avc1` or `hvc1`; any other brings none.
 * @param accessUnit - with NAL unit lengths as `configuration` says, else of 4 bytes; or Annex B.
 * @param configuration - the record in force.
 * @returns a record with the new parameter sets; `undefined` when there is nothing new, when sets are missing still, and for what cannot be
 * read.
 */
export function inBandConfiguration(
  codec: string,
  accessUnit: Uint8Array,
  configuration?: Uint8Array,
): Uint8Array | undefined {
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
