/** Packets, tables and PES packets put together by hand, field by field. */
import { ascii, hex, join } from '../support/bytes.ts'

export interface PacketParts {
  readonly pid: number
  readonly unitStart?: boolean
  readonly continuity: number
  readonly randomAccess?: boolean
  readonly discontinuity?: boolean
  readonly payload: Uint8Array
}

/** As many TS packets as the payload takes; the last is stuffed by its adaptation field. */
export function packet(parts: PacketParts): Uint8Array {
  const out: Uint8Array[] = []
  let rest = parts.payload
  let flags = (parts.discontinuity === true ? 0x80 : 0) | (parts.randomAccess === true ? 0x40 : 0)
  for (let i = 0; i === 0 || rest.length > 0; i++) {
    const room = flags === 0 ? 184 : 182
    const part = rest.subarray(0, room)
    rest = rest.subarray(part.length)
    const field = adaptationField(184 - part.length, flags)
    out.push(
      Uint8Array.of(
        0x47,
        (i === 0 && parts.unitStart === true ? 0x40 : 0) | (parts.pid >> 8), // payload_unit_start_indicator | PID
        parts.pid & 0xff,
        (field.length > 0 ? 0x30 : 0x10) | ((parts.continuity + i) & 0x0f), // adaptation_field_control | counter
      ),
      field,
      part,
    )
    flags = 0
  }
  return join(...out)
}

function adaptationField(bytes: number, flags: number): Uint8Array {
  if (bytes === 0) return new Uint8Array(0)
  const field = new Uint8Array(bytes).fill(0xff)
  field[0] = bytes - 1 // adaptation_field_length
  if (bytes > 1) field[1] = flags
  return field
}

/** A section in packets of its own: pointer_field 0, the section, 0xff. */
function sectionPackets(pid: number, section: Uint8Array): Uint8Array {
  const payload = join(hex('00'), section)
  const padded = new Uint8Array(Math.ceil(payload.length / 184) * 184).fill(0xff)
  padded.set(payload)
  return packet({ pid, unitStart: true, continuity: 0, payload: padded })
}

/** The PAT that FFmpeg writes: transport stream 1, program 1 on PID 0x1000. */
export const PAT_SECTION = hex('00 b0 0d 00 01 c1 00 00 00 01 f0 00 2a b1 04 b2')
/** The PMT that FFmpeg writes for H.264 on PID 0x100 and AAC on PID 0x101. */
export const PMT_SECTION = hex(
  '02 b0 17 00 01 c1 00 00 e1 00 f0 00 1b e1 00 f0 00 0f e1 01 f0 00 2f 44 b9 9b',
)

export function patPacket(): Uint8Array {
  return sectionPackets(0, PAT_SECTION)
}

export interface PmtParts {
  readonly streams?: readonly {
    readonly type: number
    readonly pid: number
    readonly descriptors?: Uint8Array
  }[]
  readonly version?: number
  readonly currentNext?: boolean
}

export function pmtPacket(parts: PmtParts = {}): Uint8Array {
  const { streams = [{ type: 0x1b, pid: 0x100 }], version = 0, currentNext = true } = parts
  const loop = join(
    ...streams.map(({ type, pid, descriptors = new Uint8Array(0) }) =>
      join(
        Uint8Array.of(type, 0xe0 | (pid >> 8), pid & 0xff), // stream_type, reserved 111 | elementary_PID
        Uint8Array.of(0xf0 | (descriptors.length >> 8), descriptors.length & 0xff), // reserved 1111 | ES_info_length
        descriptors,
      ),
    ),
  )
  const length = 9 + loop.length + 4 // section_length counts what follows it, CRC included
  const head = join(
    Uint8Array.of(0x02, 0xb0 | (length >> 8), length & 0xff), // table_id, syntax 1 0 11 | section_length
    hex('00 01'), // program_number
    Uint8Array.of(0xc0 | (version << 1) | (currentNext ? 1 : 0)), // reserved 11 | version | current_next
    hex('00 00'), // section_number, last_section_number
    hex('e1 00'), // reserved 111 | PCR_PID 0x100
    hex('f0 00'), // reserved 1111 | program_info_length
    loop,
  )
  return sectionPackets(0x1000, join(head, crc(head)))
}

/** CRC_32 of Annex A bit by bit. */
export function crc(bytes: Uint8Array): Uint8Array {
  let register = 0xffffffff
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = (register >>> 31) ^ ((byte >> bit) & 1)
      register = ((register << 1) ^ (top === 1 ? 0x04c11db7 : 0)) >>> 0
    }
  }
  return Uint8Array.of(register >>> 24, (register >>> 16) & 0xff, (register >>> 8) & 0xff, register & 0xff)
}

export interface PesParts {
  readonly pts?: number
  readonly dts?: number
  readonly streamId?: number
  readonly data: Uint8Array
  /** PES_packet_length 0. */
  readonly unbounded?: boolean
}

export function pes(parts: PesParts): Uint8Array {
  const { pts, dts, streamId = 0xe0, data } = parts
  const times: Uint8Array[] = []
  if (pts !== undefined) times.push(clock(dts === undefined ? 2 : 3, pts))
  if (dts !== undefined) times.push(clock(1, dts))
  const optional = join(...times)
  const flags = pts === undefined ? 0x00 : dts === undefined ? 0x80 : 0xc0 // PTS_DTS_flags
  const length = parts.unbounded === true ? 0 : 3 + optional.length + data.length
  return join(
    hex('00 00 01'), // packet_start_code_prefix
    Uint8Array.of(streamId, length >> 8, length & 0xff, 0x80, flags, optional.length),
    optional,
    data,
  )
}

/** '0010', '0011' or '0001' | bits 32..30 | 1 | bits 29..15 | 1 | bits 14..0 | 1 */
function clock(prefix: number, ticks: number): Uint8Array {
  const value =
    (BigInt(prefix) << 36n) |
    (((BigInt(ticks) >> 30n) & 7n) << 33n) |
    (1n << 32n) |
    (((BigInt(ticks) >> 15n) & 0x7fffn) << 17n) |
    (1n << 16n) |
    ((BigInt(ticks) & 0x7fffn) << 1n) |
    1n
  return Uint8Array.from({ length: 5 }, (_, i) => Number((value >> BigInt(8 * (4 - i))) & 0xffn))
}

export function tsOf(...parts: readonly Uint8Array[]): Uint8Array {
  return join(...parts)
}

export function registration(name: string): Uint8Array {
  return join(Uint8Array.of(0x05, 4), ascii(name))
}
