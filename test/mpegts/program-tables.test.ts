import {
  crc32Mpeg,
  decodeProgramAssociation,
  decodeProgramMap,
  encodeProgramAssociation,
  encodeProgramMap,
  type ProgramMap,
  registrationOf,
} from 'millrace/mpegts'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { crc, PAT_SECTION, PMT_SECTION, registration } from './stream-parts.ts'

describe('CRC_32', () => {
  it('has the check value of its catalogue entry (CRC-32/MPEG-2)', () => {
    expect(crc32Mpeg(ascii('123456789'))).toBe(0x0376e6e7)
  })

  it('is 0 over a section with its CRC', () => {
    expect(crc32Mpeg(PAT_SECTION)).toBe(0)
    expect(crc32Mpeg(join(hex('ffff'), PMT_SECTION, hex('ff')), 2, 2 + PMT_SECTION.length)).toBe(0)
  })
})

describe('program association section', () => {
  const value = {
    transportStreamId: 1,
    version: 0,
    currentNext: true,
    programs: [{ programNumber: 1, pid: 0x1000 }],
  }

  it('reads and writes what FFmpeg writes', () => {
    expect(decodeProgramAssociation(PAT_SECTION)).toEqual(value)
    expect(encodeProgramAssociation(value)).toEqual(PAT_SECTION)
  })

  it('keeps every field', () => {
    const body = hex(`
      00        // table_id
      b0 11     // section_syntax 1, 0, reserved 11 | section_length 17
      ab cd     // transport_stream_id
      fe        // reserved 11 | version 31 | current_next 0
      00 00     // section_number, last_section_number
      00 00 e0 10 // program 0: network PID 0x10
      ff fe ff fe // program 65534: PID 0x1ffe
    `)
    const section = join(body, crc(body))
    const fields = {
      transportStreamId: 0xabcd,
      version: 31,
      currentNext: false,
      programs: [
        { programNumber: 0, pid: 0x10 },
        { programNumber: 0xfffe, pid: 0x1ffe },
      ],
    }
    expect(decodeProgramAssociation(section)).toEqual(fields)
    expect(encodeProgramAssociation(fields)).toEqual(section)
  })
})

describe('program map section', () => {
  const value: ProgramMap = {
    programNumber: 1,
    version: 0,
    currentNext: true,
    pcrPid: 0x100,
    streams: [
      { streamType: 0x1b, pid: 0x100, descriptors: new Uint8Array(0) },
      { streamType: 0x0f, pid: 0x101, descriptors: new Uint8Array(0) },
    ],
  }

  it('reads and writes what FFmpeg writes', () => {
    expect(decodeProgramMap(PMT_SECTION)).toEqual(value)
    expect(encodeProgramMap(value)).toEqual(PMT_SECTION)
  })

  it('passes over descriptors of the program, keeps those of streams', () => {
    const body = hex(`
      02 b0 24    // table_id, section_length 36
      00 02       // program_number
      c7 00 00    // version 3, current; sections 0 of 0
      ff ff       // PCR_PID 0x1fff: none
      f0 03       // program_info_length 3
      0e 01 c0    // a descriptor
      06 e1 02    // stream_type 6, PID 0x102
      f0 0a       // ES_info_length 10
      05 04 4f707573 7f 02 80 02 // registration Opus, extension: channel configuration 2
      15 e1 03 f0 00 // stream_type 0x15, PID 0x103
    `)
    const decoded = decodeProgramMap(join(body, crc(body)))
    expect(decoded).toEqual({
      programNumber: 2,
      version: 3,
      currentNext: true,
      pcrPid: 0x1fff,
      streams: [
        { streamType: 6, pid: 0x102, descriptors: hex('05 04 4f707573 7f 02 80 02') },
        { streamType: 0x15, pid: 0x103, descriptors: new Uint8Array(0) },
      ],
    })
    expect(registrationOf(decoded.streams[0]!.descriptors)).toBe('Opus')
  })

  it('names no format without a whole registration descriptor', () => {
    expect(registrationOf(hex('0a 04 656e6700'))).toBe('')
    expect(registrationOf(registration('Opus').subarray(0, 5))).toBe('')
    expect(registrationOf(join(hex('0a 04 656e6700'), registration('AC-3')))).toBe('AC-3')
  })
})

describe('damaged sections', () => {
  const bad = (section: Uint8Array): unknown => {
    try {
      decodeProgramMap(section)
    } catch (error) {
      return (error as { code?: string }).code
    }
    return undefined
  }

  it('every flipped bit is found', () => {
    for (let bit = 0; bit < PMT_SECTION.length * 8; bit++) {
      const section = PMT_SECTION.slice()
      section[bit >> 3]! ^= 0x80 >> (bit & 7)
      expect(bad(section)).toBe('ERR_TS_SECTION')
    }
  })

  it('every cut is found', () => {
    for (let end = 0; end < PMT_SECTION.length; end++) {
      expect(bad(PMT_SECTION.subarray(0, end))).toBe('ERR_TS_SECTION')
    }
  })

  it.each([
    ['ES_info past the end', '02 b0 12 00 01 c1 00 00 e1 00 f0 00 1b e1 00 f0 01'],
    ['program_info past the end', '02 b0 0d 00 01 c1 00 00 e1 00 f0 01'],
    ['the short syntax', '02 30 0d 00 01 c1 00 00 e1 00 f0 00'],
  ])('%s', (_, text) => {
    const body = hex(text)
    expect(bad(join(body, crc(body)))).toBe('ERR_TS_SECTION')
  })
})
