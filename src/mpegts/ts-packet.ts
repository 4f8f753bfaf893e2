/**
 * The 188-byte TS packet. ISO/IEC 13818-1 §2.4.3.2 and §2.4.3.4 (adaptation field).
 *
 * Layout in bits: sync_byte 0x47 8 | transport_error 1 | payload_unit_start 1 | priority 1 | PID 13 |
 * scrambling 2
 * | adaptation_field_control 2 | continuity_counter 4
 * Adaptation field: length 8 | discontinuity 1 | random_access 1 | es_priority 1 | PCR 1 | OPCR 1 | splicing
 * 1
 * | private 1 | extension 1 | PCR 48 if flagged | stuffing 0xff
 *
 * @module
 */

/** Bytes of a TS packet. */
export const TS_PACKET_BYTES = 188
/** First byte of every TS packet. */
export const TS_SYNC_BYTE = 0x47
/** Bytes of a TS packet after its header. */
export const TS_PAYLOAD_BYTES = 184
/** PID of the program association table. */
export const PID_PAT = 0
/** PID of null packets, which only fill the line. */
export const PID_NULL = 0x1fff

/** One tick more than the greatest PTS, DTS or PCR base: 33 bits, 26.5 hours at 90 kHz. */
export const CLOCK_WRAP_TICKS: number = 2 ** 33

/** Adaptation field flag: the clock or the continuity counter jumps here. */
export const ADAPTATION_DISCONTINUITY = 0x80
/** Adaptation field flag: decoding can start at the PES packet that starts here. */
export const ADAPTATION_RANDOM_ACCESS = 0x40
/** Adaptation field flag: a PCR follows. */
export const ADAPTATION_PCR = 0x10

/** `ticks` modulo 2³³, never negative. */
export function wrapTicks(ticks: number): number {
  const rest = ticks % CLOCK_WRAP_TICKS
  return rest < 0 ? rest + CLOCK_WRAP_TICKS : rest
}

/** Writes the 4-byte header. `control` is adaptation_field_control: 1 payload, 2 adaptation field, 3 both. */
export function writeTsHeader(
  out: Uint8Array,
  offset: number,
  pid: number,
  unitStart: boolean,
  control: 1 | 2 | 3,
  continuity: number,
): void {
  out[offset] = TS_SYNC_BYTE
  out[offset + 1] = (unitStart ? 0x40 : 0) | (pid >> 8) // error 0 | payload_unit_start | priority 0 | PID high
  out[offset + 2] = pid & 0xff
  out[offset + 3] = (control << 4) | (continuity & 0x0f) // scrambling 00 | control | counter
}

/**
 * Writes an adaptation field.
 * @param bytes - its whole size, the length byte included; at least 1, 2 with flags, 8 with a PCR.
 * @param flags - `ADAPTATION_*`.
 * @param pcrTicks - PCR base in ticks, written when `flags` has `ADAPTATION_PCR`.
 */
export function writeAdaptationField(
  out: Uint8Array,
  offset: number,
  bytes: number,
  flags: number,
  pcrTicks: number,
): void {
  out[offset] = bytes - 1 // adaptation_field_length counts what follows it
  if (bytes === 1) return
  out[offset + 1] = flags
  let at = offset + 2
  if ((flags & ADAPTATION_PCR) !== 0) {
    writePcr(out, at, pcrTicks)
    at += 6
  }
  out.fill(0xff, at, offset + bytes) // stuffing_byte
}

/** Writes program_clock_reference: base 33 | reserved 6 | extension 9 = 0 (27 MHz part). */
export function writePcr(out: Uint8Array, offset: number, ticks: number): void {
  const base = wrapTicks(ticks)
  const upper = Math.floor(base / 2) // bits 32 to 1; a shift would lose bit 32
  out[offset] = upper >>> 24
  out[offset + 1] = (upper >>> 16) & 0xff
  out[offset + 2] = (upper >>> 8) & 0xff
  out[offset + 3] = upper & 0xff
  out[offset + 4] = ((base & 1) << 7) | 0x7e // bit 0 | reserved 111111 | extension bit 8
  out[offset + 5] = 0 // extension
}

/** Reads a PCR as 90 kHz ticks with the 27 MHz extension as fraction: base + extension / 300. */
export function readPcr(bytes: Uint8Array, offset: number): number {
  const upper =
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  const base = upper * 2 + (bytes[offset + 4]! >> 7)
  return base + (((bytes[offset + 4]! & 0x01) << 8) | bytes[offset + 5]!) / 300
}
