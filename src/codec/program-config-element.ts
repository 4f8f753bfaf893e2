/**
 * Program config element: the speakers of an AAC stream whose channelConfiguration is 0. ISO/IEC 14496-3
 * Table 4.2.
 *
 * Layout in bits: element_instance_tag 4 | object_type 2 | sampling_frequency_index 4 | front 4 | side 4 |
 * back 4
 * | lfe 2 | associated data 3 | valid coupling 4 | mono mixdown 1 (+4) | stereo mixdown 1 (+4) | matrix mixdown 1 (+3)
 * | elements | byte alignment | comment length 8 | comment
 *
 * @module
 */
import type { BitReader } from '../bytes/index.ts'
import type { BitWriter } from './bit-writer.ts'

/** One channel element: a single channel or a pair. */
export interface ProgramChannelElement {
  /** True for a pair (CPE), false for one channel (SCE). */
  readonly pair: boolean
  /** element_instance_tag of the element, 0 to 15. */
  readonly tag: number
}

/** Coupling channel element. */
export interface ProgramCouplingElement {
  /** True if the element is independently switched. */
  readonly independent: boolean
  /** element_instance_tag of the element, 0 to 15. */
  readonly tag: number
}

/** Program config element. */
export interface ProgramConfigElement {
  /** element_instance_tag, 0 to 15. */
  readonly tag: number
  /** object_type: audio object type − 1 (1 is AAC LC). */
  readonly objectType: number
  /** sampling_frequency_index, 0 to 15. */
  readonly samplingFrequencyIndex: number
  /** Front channel elements, centre outwards; at most 15. */
  readonly front: readonly ProgramChannelElement[]
  /** Side channel elements; at most 15. */
  readonly side: readonly ProgramChannelElement[]
  /** Back channel elements; at most 15. */
  readonly back: readonly ProgramChannelElement[]
  /** Tags of the low frequency elements; at most 3. */
  readonly lfe: readonly number[]
  /** Tags of the data stream elements; at most 7. */
  readonly data: readonly number[]
  /** Coupling channel elements; at most 15. */
  readonly coupling: readonly ProgramCouplingElement[]
  /** Element number of a mono mixdown. */
  readonly monoMixdown: number | undefined
  /** Element number of a stereo mixdown. */
  readonly stereoMixdown: number | undefined
  /** matrix_mixdown_idx 2 bits and pseudo_surround_enable 1 bit, as one number. */
  readonly matrixMixdown: number | undefined
  /** Comment bytes, at most 255. */
  readonly comment: readonly number[]
}

/** Output channels: one a single element or low frequency element, two a pair; at most 93. */
export function programChannelCount(program: ProgramConfigElement): number {
  let count = program.lfe.length
  for (const elements of [program.front, program.side, program.back]) {
    for (const element of elements) count += element.pair ? 2 : 1
  }
  return count
}

/**
 * Reads a program config element at the reader's position. Its alignment counts from the reader's first byte.
 * @internal
 */
export function readProgramConfigElement(reader: BitReader): ProgramConfigElement {
  const tag = reader.bits(4)
  const objectType = reader.bits(2)
  const samplingFrequencyIndex = reader.bits(4)
  const frontCount = reader.bits(4)
  const sideCount = reader.bits(4)
  const backCount = reader.bits(4)
  const lfeCount = reader.bits(2)
  const dataCount = reader.bits(3)
  const couplingCount = reader.bits(4)
  const monoMixdown = reader.flag() ? reader.bits(4) : undefined
  const stereoMixdown = reader.flag() ? reader.bits(4) : undefined
  const matrixMixdown = reader.flag() ? reader.bits(3) : undefined
  const front = readChannelElements(reader, frontCount)
  const side = readChannelElements(reader, sideCount)
  const back = readChannelElements(reader, backCount)
  const lfe = readTags(reader, lfeCount)
  const data = readTags(reader, dataCount)
  const coupling: ProgramCouplingElement[] = []
  for (let i = 0; i < couplingCount; i++) coupling.push({ independent: reader.flag(), tag: reader.bits(4) })
  reader.skip(-reader.position & 7) // byte_alignment()
  const comment: number[] = []
  for (let left = reader.bits(8); left > 0; left--) comment.push(reader.bits(8))
  return {
    tag,
    objectType,
    samplingFrequencyIndex,
    front,
    side,
    back,
    lfe,
    data,
    coupling,
    monoMixdown,
    stereoMixdown,
    matrixMixdown,
    comment,
  }
}

/**
 * Writes a program config element at the writer's position.
 * @internal
 */
export function writeProgramConfigElement(writer: BitWriter, program: ProgramConfigElement): void {
  const { front, side, back, lfe, data, coupling, comment } = program
  if (front.length > 15 || side.length > 15 || back.length > 15 || coupling.length > 15) {
    throw new RangeError('program config element holds at most 15 elements of a kind')
  }
  if (lfe.length > 3 || data.length > 7 || comment.length > 255) {
    throw new RangeError('program config element holds at most 3 LFE, 7 data elements and 255 comment bytes')
  }
  writer.bits(4, program.tag)
  writer.bits(2, program.objectType)
  writer.bits(4, program.samplingFrequencyIndex)
  writer.bits(4, front.length)
  writer.bits(4, side.length)
  writer.bits(4, back.length)
  writer.bits(2, lfe.length)
  writer.bits(3, data.length)
  writer.bits(4, coupling.length)
  writeOptional(writer, 4, program.monoMixdown)
  writeOptional(writer, 4, program.stereoMixdown)
  writeOptional(writer, 3, program.matrixMixdown)
  for (const { pair, tag } of [...front, ...side, ...back]) {
    writer.flag(pair)
    writer.bits(4, tag)
  }
  for (const tag of [...lfe, ...data]) writer.bits(4, tag)
  for (const { independent, tag } of coupling) {
    writer.flag(independent)
    writer.bits(4, tag)
  }
  writer.align()
  writer.bits(8, comment.length)
  for (const byte of comment) writer.bits(8, byte)
}

function readChannelElements(reader: BitReader, count: number): ProgramChannelElement[] {
  const elements: ProgramChannelElement[] = []
  for (let i = 0; i < count; i++) elements.push({ pair: reader.flag(), tag: reader.bits(4) })
  return elements
}

function readTags(reader: BitReader, count: number): number[] {
  const tags: number[] = []
  for (let i = 0; i < count; i++) tags.push(reader.bits(4))
  return tags
}

function writeOptional(writer: BitWriter, count: number, value: number | undefined): void {
  writer.flag(value !== undefined)
  if (value !== undefined) writer.bits(count, value)
}
