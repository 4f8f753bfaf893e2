/**
 * PAT and PMT, the two tables that tell a receiver what is in a transport stream. ISO/IEC 13818-1 §2.4.4.3
 * and §2.4.4.8.
 *
 * Section, in bits: table_id 8 | section_syntax 1 | 0 1 | reserved 2 | section_length 12 | id 16 | reserved 2
 * | version 5
 * | current_next 1 | section_number 8 | last_section_number 8 | body | CRC_32 32
 * PAT body: (program_number 16 | reserved 3 | PMT PID 13)*
 * PMT body: reserved 3 | PCR PID 13 | reserved 4 | info length 12 | descriptors
 * | (stream_type 8 | reserved 3 | PID 13 | reserved 4 | info length 12 | descriptors)*
 *
 * @module
 */
import { readU16, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { crc32Mpeg } from './crc32-mpeg.ts'

/** table_id of the program association section. */
export const TABLE_ID_PAT = 0x00
/** table_id of the program map section. */
export const TABLE_ID_PMT = 0x02

/** Bytes before the body of a section with the long syntax. */
const SECTION_HEADER_BYTES = 8
const CRC_BYTES = 4

/** Which PMT describes which program. */
export interface ProgramAssociation {
  /** transport_stream_id, 0 to 65535. */
  readonly transportStreamId: number
  /** version_number, 0 to 31; changes with the content. */
  readonly version: number
  /** `false` when the table is to come into force later. */
  readonly currentNext: boolean
  /** Programs; number 0 names the network information table. */
  readonly programs: readonly ProgramAssociationEntry[]
}

/** An entry of the program association table. */
export interface ProgramAssociationEntry {
  /** program_number, 0 to 65535; 0 for the network information table. */
  readonly programNumber: number
  /** PID of its program map table, 0 to 8191. */
  readonly pid: number
}

/** One elementary stream of a program. */
export interface ElementaryStream {
  /** `STREAM_TYPE_*`. */
  readonly streamType: number
  /** PID of its packets. */
  readonly pid: number
  /** Descriptors: (tag 8 | length 8 | data)*. Empty if there are none. */
  readonly descriptors: Uint8Array
}

/** What a program consists of. */
export interface ProgramMap {
  /** Program number, as in the PAT. */
  readonly programNumber: number
  /** version_number, 0 to 31; changes with the content. */
  readonly version: number
  /** `false` when the table is to come into force later. */
  readonly currentNext: boolean
  /** PID whose packets carry the PCR; 0x1fff for none. */
  readonly pcrPid: number
  /** Streams in the order of the table. */
  readonly streams: readonly ElementaryStream[]
}

/** Writes a whole program association section, CRC included. */
export function encodeProgramAssociation(table: ProgramAssociation): Uint8Array {
  const out = new Uint8Array(SECTION_HEADER_BYTES + 4 * table.programs.length + CRC_BYTES)
  writeSectionHeader(out, TABLE_ID_PAT, table.transportStreamId, table.version, table.currentNext)
  let at = SECTION_HEADER_BYTES
  for (const { programNumber, pid } of table.programs) {
    writeU16(out, at, programNumber)
    writeU16(out, at + 2, 0xe000 | pid) // reserved 111 | PID
    at += 4
  }
  writeU32(out, at, crc32Mpeg(out, 0, at))
  return out
}

/** Writes a whole program map section, CRC included. */
export function encodeProgramMap(table: ProgramMap): Uint8Array {
  let length = SECTION_HEADER_BYTES + 4 + CRC_BYTES
  for (const stream of table.streams) length += 5 + stream.descriptors.length
  const out = new Uint8Array(length)
  writeSectionHeader(out, TABLE_ID_PMT, table.programNumber, table.version, table.currentNext)
  writeU16(out, 8, 0xe000 | table.pcrPid) // reserved 111 | PCR_PID
  writeU16(out, 10, 0xf000) // reserved 1111 | program_info_length 0
  let at = SECTION_HEADER_BYTES + 4
  for (const { streamType, pid, descriptors } of table.streams) {
    out[at] = streamType
    writeU16(out, at + 1, 0xe000 | pid) // reserved 111 | elementary_PID
    writeU16(out, at + 3, 0xf000 | descriptors.length) // reserved 1111 | ES_info_length
    out.set(descriptors, at + 5)
    at += 5 + descriptors.length
  }
  writeU32(out, at, crc32Mpeg(out, 0, at))
  return out
}

/**
 * Reads a program association section.
 * @throws {@link DecodeError} `ERR_TS_SECTION` if its table_id, length or CRC is wrong.
 */
export function decodeProgramAssociation(section: Uint8Array): ProgramAssociation {
  const end = checkSection(section, TABLE_ID_PAT, SECTION_HEADER_BYTES)
  const programs: { programNumber: number; pid: number }[] = []
  for (let at = SECTION_HEADER_BYTES; at + 4 <= end; at += 4) {
    programs.push({ programNumber: readU16(section, at), pid: readU16(section, at + 2) & 0x1fff })
  }
  return { transportStreamId: readU16(section, 3), ...versionOf(section), programs }
}

/**
 * Reads a program map section. Descriptors are copied.
 * @throws {@link DecodeError} `ERR_TS_SECTION` if its table_id, length or CRC is wrong, or a descriptor list
 *   reaches past it.
 */
export function decodeProgramMap(section: Uint8Array): ProgramMap {
  const end = checkSection(section, TABLE_ID_PMT, SECTION_HEADER_BYTES + 4)
  const streams: ElementaryStream[] = []
  let at = SECTION_HEADER_BYTES + 4 + (readU16(section, 10) & 0x0fff)
  while (at + 5 <= end) {
    const infoEnd = at + 5 + (readU16(section, at + 3) & 0x0fff)
    if (infoEnd > end)
      throw new DecodeError('ERR_TS_SECTION', `ES_info reaches ${infoEnd - end} bytes past the PMT`)
    const descriptors = section.slice(at + 5, infoEnd)
    streams.push({ streamType: section[at]!, pid: readU16(section, at + 1) & 0x1fff, descriptors })
    at = infoEnd
  }
  if (at > end) throw new DecodeError('ERR_TS_SECTION', 'program_info reaches past the PMT')
  return {
    programNumber: readU16(section, 3),
    ...versionOf(section),
    pcrPid: readU16(section, 8) & 0x1fff,
    streams,
  }
}

/** The `format_identifier` of a registration descriptor, such as `Opus`, or `''` if there is none. */
export function registrationOf(descriptors: Uint8Array): string {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    if (descriptors[at] !== 0x05 || descriptors[at + 1]! < 4 || at + 6 > descriptors.length) continue
    return String.fromCharCode(...descriptors.subarray(at + 2, at + 6))
  }
  return ''
}

function writeSectionHeader(
  out: Uint8Array,
  tableId: number,
  id: number,
  version: number,
  currentNext: boolean,
): void {
  out[0] = tableId
  writeU16(out, 1, 0xb000 | (out.length - 3)) // syntax 1 | 0 | reserved 11 | section_length counts what follows
  writeU16(out, 3, id)
  out[5] = 0xc0 | ((version & 0x1f) << 1) | (currentNext ? 1 : 0) // reserved 11 | version | current_next
  out[6] = 0 // section_number
  out[7] = 0 // last_section_number
}

function versionOf(section: Uint8Array): { version: number; currentNext: boolean } {
  return { version: (section[5]! >> 1) & 0x1f, currentNext: (section[5]! & 1) === 1 }
}

/** Offset of the CRC of a good section. */
function checkSection(section: Uint8Array, tableId: number, minBytes: number): number {
  if (section[0] !== tableId)
    throw new DecodeError('ERR_TS_SECTION', `table_id ${section[0]}, not ${tableId}`)
  const length = section.length < 3 ? -1 : (readU16(section, 1) & 0x0fff) + 3
  if (length !== section.length || length < minBytes + CRC_BYTES) {
    throw new DecodeError('ERR_TS_SECTION', `section of ${section.length} bytes says it has ${length}`)
  }
  if ((section[1]! & 0x80) === 0) throw new DecodeError('ERR_TS_SECTION', 'section without the long syntax')
  if (crc32Mpeg(section) !== 0)
    throw new DecodeError('ERR_TS_SECTION', 'CRC_32 of the section does not match')
  return length - CRC_BYTES
}
