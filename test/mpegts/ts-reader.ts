/** A plain reading of transport streams for the tests, independent of the one under test: slow, and without any tolerance. */

export interface TsPacket {
  readonly pid: number
  readonly unitStart: boolean
  readonly continuity: number
  /** Flags byte of the adaptation field, 0 without. */
  readonly flags: number
  /** 27 MHz. */
  readonly pcr: bigint | undefined
  readonly payload: Uint8Array
}

export interface Pes {
  readonly pid: number
  readonly streamId: number
  /** PES_packet_length. */
  readonly length: number
  readonly pts: bigint
  readonly dts: bigint
  readonly flags: number
  readonly data: Uint8Array
}

/** Every 188 bytes as a packet; throws for anything that is not as ISO/IEC 13818-1 §2.4.3.2 says. */
export function tsPackets(bytes: Uint8Array): TsPacket[] {
  if (bytes.length % 188 !== 0) throw new Error(`${bytes.length} bytes are no whole packets`)
  const packets: TsPacket[] = []
  for (let at = 0; at < bytes.length; at += 188) {
    const packet = bytes.subarray(at, at + 188)
    if (packet[0] !== 0x47) throw new Error(`no sync byte at ${at}`)
    if ((packet[1]! & 0x80) !== 0 || packet[3]! >> 6 !== 0) throw new Error('error or scrambling bits')
    const control = (packet[3]! >> 4) & 3
    if (control === 0) throw new Error('reserved adaptation_field_control')
    let flags = 0
    let pcr: bigint | undefined
    let start = 4
    if (control >= 2) {
      const length = packet[4]!
      if (control === 2 && length !== 183) throw new Error(`adaptation field of ${length} without payload`)
      if (control === 3 && length > 182) throw new Error(`adaptation field of ${length} with payload`)
      if (length > 0) flags = packet[5]!
      let used = length === 0 ? 0 : 1
      if ((flags & 0x10) !== 0) {
        pcr = bits(packet, 6 * 8, 33) * 300n + bits(packet, 6 * 8 + 39, 9)
        if (bits(packet, 6 * 8 + 33, 6) !== 0x3fn) throw new Error('reserved bits of the PCR')
        used += 6
      }
      for (let i = 5 + used; i < 5 + length; i++)
        if (packet[i] !== 0xff) throw new Error('stuffing is not 0xff')
      start = 5 + length
    }
    packets.push({
      pid: Number(bits(packet, 11, 13)),
      unitStart: (packet[1]! & 0x40) !== 0,
      continuity: packet[3]! & 0x0f,
      flags,
      pcr,
      payload: control === 2 ? new Uint8Array(0) : packet.subarray(start),
    })
  }
  return packets
}

/** PES packets of a PID in order. */
export function pesPackets(bytes: Uint8Array, pid: number): Pes[] {
  const parts: { flags: number; bytes: number[] }[] = []
  for (const packet of tsPackets(bytes)) {
    if (packet.pid !== pid || packet.payload.length === 0) continue
    if (packet.unitStart) parts.push({ flags: packet.flags, bytes: [] })
    parts.at(-1)?.bytes.push(...packet.payload)
  }
  return parts.map((part) => {
    const pes = Uint8Array.from(part.bytes)
    if (bits(pes, 0, 24) !== 1n) throw new Error('no packet_start_code_prefix')
    if (pes[6]! >> 6 !== 2) throw new Error("no '10' marker")
    const length = Number(bits(pes, 32, 16))
    if (length !== 0 && length !== pes.length - 6) throw new Error(`PES of ${pes.length - 6} says ${length}`)
    const timed = pes[7]! >> 6
    if (timed < 2) throw new Error('no PTS')
    const pts = clock(pes, 9, timed)
    return {
      pid,
      streamId: pes[3]!,
      length,
      pts,
      dts: timed === 3 ? clock(pes, 14, 1) : pts,
      flags: part.flags,
      data: pes.subarray(9 + pes[8]!),
    }
  })
}

/** Sections of a PID, each in one packet. */
export function sections(bytes: Uint8Array, pid: number): Uint8Array[] {
  return tsPackets(bytes)
    .filter((packet) => packet.pid === pid)
    .map(({ payload }) => payload.subarray(1, 4 + Number(bits(payload, 20, 12))))
}

function clock(bytes: Uint8Array, offset: number, prefix: number): bigint {
  const at = offset * 8
  if (bits(bytes, at, 4) !== BigInt(prefix)) throw new Error('prefix of a time')
  for (const marker of [7, 23, 39])
    if (bits(bytes, at + marker, 1) !== 1n) throw new Error('marker bit of a time')
  return (bits(bytes, at + 4, 3) << 30n) | (bits(bytes, at + 8, 15) << 15n) | bits(bytes, at + 24, 15)
}

function bits(bytes: Uint8Array, from: number, count: number): bigint {
  let value = 0n
  for (let i = from; i < from + count; i++)
    value = (value << 1n) | BigInt((bytes[i >> 3]! >> (7 - (i & 7))) & 1)
  return value
}
