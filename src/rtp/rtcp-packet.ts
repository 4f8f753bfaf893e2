/**
 * RTCP packets. RFC 3550 §6; feedback in RFC 4585 §6 and RFC 5104 §4.3.1.
 *
 * Layout of each in a compound: V 2 = 2, P 1, count or FMT 5 | PT 8 | length 16 in words of 32 bits, less one | body
 *
 * @module
 */
import {
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  readU16,
  readU24,
  readU32,
  writeU16,
  writeU24,
  writeU32,
} from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

const VERSION = 2
const PT_SR = 200
const PT_RR = 201
const PT_SDES = 202
const PT_BYE = 203
const PT_RTPFB = 205
const PT_PSFB = 206
const FMT_NACK = 1
const FMT_PLI = 1
const FMT_FIR = 4
const REPORT_BYTES = 24
/** SDES item types that have names in RFC 3550 §6.5; 1 is CNAME. */
const SDES_END = 0

/** What a receiver tells of one source. RFC 3550 §6.4.1. */
export interface ReportBlock {
  /** The source that it is about. */
  readonly ssrc: number
  /** Part of the packets that was lost since the report before, in 256ths. */
  readonly fractionLost: number
  /** Packets lost in all, signed 24 bits: repeated packets make it less. */
  readonly cumulativeLost: number
  /** Highest sequence number, with the count of its wraps in the upper 16 bits. */
  readonly highestSequence: number
  /** Interarrival jitter in ticks. */
  readonly jitter: number
  /** Middle 32 bits of the NTP time of the last sender report; 0 without one. */
  readonly lastSenderReport: number
  /** Time since that report came in 65,536ths of a second. */
  readonly delaySinceLastSenderReport: number
}

/** SR: what a sender says of its clock, and of what it receives. */
export interface SenderReport {
  /** Discriminant. */
  readonly type: 'senderReport'
  /** Source of the media. */
  readonly ssrc: number
  /** Seconds since 1900, the upper half of the NTP timestamp. */
  readonly ntpSeconds: number
  /** Fraction of a second in 2⁻³² s, the lower half. */
  readonly ntpFraction: number
  /** The same instant in ticks of the media. */
  readonly rtpTimestamp: number
  /** Packets sent. */
  readonly packetCount: number
  /** Bytes of payload sent. */
  readonly octetCount: number
  /** Reports, 31 at most. */
  readonly reports: readonly ReportBlock[]
}

/** RR: what a receiver says of what it receives. */
export interface ReceiverReport {
  /** Discriminant. */
  readonly type: 'receiverReport'
  /** Who reports. */
  readonly ssrc: number
  /** Reports, 31 at most. */
  readonly reports: readonly ReportBlock[]
}

/** SDES: names of sources. */
export interface SourceDescription {
  /** Discriminant. */
  readonly type: 'sourceDescription'
  /** Sources, 31 at most. */
  readonly chunks: readonly SourceDescriptionChunk[]
}

/** What SDES says of one source. */
export interface SourceDescriptionChunk {
  /** The source. */
  readonly ssrc: number
  /** Items in order. */
  readonly items: readonly SourceDescriptionItem[]
}

/** One item of a source. RFC 3550 §6.5. */
export interface SourceDescriptionItem {
  /** 1 CNAME, 2 NAME, 3 EMAIL, 4 PHONE, 5 LOC, 6 TOOL, 7 NOTE, 8 PRIV. */
  readonly type: number
  /** At most 255 bytes of UTF-8. */
  readonly text: string
}

/** BYE: sources that leave. */
export interface Goodbye {
  /** Discriminant. */
  readonly type: 'goodbye'
  /** The sources, 31 at most. */
  readonly ssrcs: readonly number[]
  /** Why; `''` without a reason. */
  readonly reason: string
}

/** Generic NACK: packets that a receiver asks for again. */
export interface Nack {
  /** Discriminant. */
  readonly type: 'nack'
  /** Who asks. */
  readonly ssrc: number
  /** Whose packets. */
  readonly mediaSsrc: number
  /** Sequence numbers in the order of the packet. */
  readonly sequenceNumbers: readonly number[]
}

/** PLI or FIR: a receiver asks for a keyframe. */
export interface KeyframeRequest {
  /** Discriminant: PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1). */
  readonly type: 'pictureLossIndication' | 'fullIntraRequest'
  /** Who asks. */
  readonly ssrc: number
  /** Whose keyframe. */
  readonly mediaSsrc: number
  /** Command sequence number of FIR, 0 to 255: the same one asks for the same keyframe. 0 in PLI. */
  readonly commandNumber: number
}

/** A packet of another type (APP, XR, REMB …), as it came. */
export interface OtherRtcpPacket {
  /** Discriminant. */
  readonly type: 'other'
  /** Packet type, 0 to 255. */
  readonly packetType: number
  /** Count or format, 0 to 31. */
  readonly format: number
  /** What follows the first 4 bytes; a view. */
  readonly body: Uint8Array
}

/** One packet of a compound. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | Nack
  | KeyframeRequest
  | OtherRtcpPacket

/**
 * Reads a compound of RTCP packets. Peers need not begin it with a report (RFC 5506).
 * @throws {@link DecodeError} `ERR_RTCP_PACKET` if a packet is of another version or reaches past the end.
 */
export function decodeRtcp(bytes: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw damaged('header is cut')
    const b0 = bytes[at]!
    if (b0 >> 6 !== VERSION) throw damaged(`version ${b0 >> 6}`)
    const end = at + 4 + 4 * readU16(bytes, at + 2)
    if (end > bytes.length) throw damaged('packet reaches past the end')
    const padding = (b0 & 0x20) === 0 ? 0 : bytes[end - 1]!
    if (padding > end - at - 4) throw damaged('padding is longer than its packet')
    packets.push(decodeOne(bytes[at + 1]!, b0 & 0x1f, bytes.subarray(at + 4, end - padding)))
    at = end
  }
  return packets
}

function decodeOne(packetType: number, count: number, body: Uint8Array): RtcpPacket {
  switch (packetType) {
    case PT_SR:
      need(body, 24)
      return {
        type: 'senderReport',
        ssrc: readU32(body, 0),
        ntpSeconds: readU32(body, 4),
        ntpFraction: readU32(body, 8),
        rtpTimestamp: readU32(body, 12),
        packetCount: readU32(body, 16),
        octetCount: readU32(body, 20),
        reports: readReports(body, 24, count),
      }
    case PT_RR:
      need(body, 4)
      return { type: 'receiverReport', ssrc: readU32(body, 0), reports: readReports(body, 4, count) }
    case PT_SDES:
      return { type: 'sourceDescription', chunks: readChunks(body, count) }
    case PT_BYE: {
      need(body, 4 * count)
      const text = body.subarray(4 * count)
      return {
        type: 'goodbye',
        ssrcs: Array.from({ length: count }, (_, i) => readU32(body, 4 * i)),
        reason: text.length === 0 ? '' : decodeUtf8(text, 1, Math.min(1 + text[0]!, text.length)),
      }
    }
    default:
      return decodeFeedback(packetType, count, body)
  }
}

function decodeFeedback(packetType: number, format: number, body: Uint8Array): RtcpPacket {
  const other: OtherRtcpPacket = { type: 'other', packetType, format, body }
  if (body.length < 8) return other
  const from = { ssrc: readU32(body, 0), mediaSsrc: readU32(body, 4) }
  if (packetType === PT_RTPFB && format === FMT_NACK) {
    const sequenceNumbers: number[] = []
    for (let at = 8; at + 4 <= body.length; at += 4) {
      const first = readU16(body, at) // PID
      const mask = readU16(body, at + 2) // BLP: bit i stands for PID + i + 1
      sequenceNumbers.push(first)
      for (let i = 0; i < 16; i++) if ((mask >> i) & 1) sequenceNumbers.push((first + i + 1) & 0xffff)
    }
    return { type: 'nack', ...from, sequenceNumbers }
  }
  if (packetType === PT_PSFB && format === FMT_PLI)
    return { type: 'pictureLossIndication', ...from, commandNumber: 0 }
  if (packetType === PT_PSFB && format === FMT_FIR && body.length >= 16) {
    // The media source of FIR is in its entries; the field of the head is 0.
    return {
      type: 'fullIntraRequest',
      ssrc: from.ssrc,
      mediaSsrc: readU32(body, 8),
      commandNumber: body[12]!,
    }
  }
  return other
}

function readReports(body: Uint8Array, offset: number, count: number): ReportBlock[] {
  need(body, offset + count * REPORT_BYTES)
  return Array.from({ length: count }, (_, i) => {
    const at = offset + i * REPORT_BYTES
    return {
      ssrc: readU32(body, at),
      fractionLost: body[at + 4]!,
      cumulativeLost: (readU24(body, at + 5) << 8) >> 8,
      highestSequence: readU32(body, at + 8),
      jitter: readU32(body, at + 12),
      lastSenderReport: readU32(body, at + 16),
      delaySinceLastSenderReport: readU32(body, at + 20),
    }
  })
}

function readChunks(body: Uint8Array, count: number): SourceDescriptionChunk[] {
  const chunks: SourceDescriptionChunk[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    need(body, at + 4)
    const ssrc = readU32(body, at)
    const items: SourceDescriptionItem[] = []
    at += 4
    while (at < body.length && body[at] !== SDES_END) {
      need(body, at + 2)
      const end = at + 2 + body[at + 1]!
      need(body, end)
      items.push({ type: body[at]!, text: decodeUtf8(body, at + 2, end) })
      at = end
    }
    at = (at + 4) & ~3 // the end item, then zeros up to the next word
    chunks.push({ ssrc, items })
  }
  return chunks
}

/**
 * Writes packets as one compound.
 * @throws RangeError for more than 31 reports, chunks or sources in a packet, or a text above 255 bytes.
 */
export function encodeRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  return concatBytes(packets.map(encodeOne))
}

function encodeOne(packet: RtcpPacket): Uint8Array {
  switch (packet.type) {
    case 'senderReport': {
      const head = words(
        packet.ssrc,
        packet.ntpSeconds,
        packet.ntpFraction,
        packet.rtpTimestamp,
        packet.packetCount,
        packet.octetCount,
      )
      return framed(PT_SR, packet.reports.length, [head, ...packet.reports.map(reportBytes)])
    }
    case 'receiverReport':
      return framed(PT_RR, packet.reports.length, [words(packet.ssrc), ...packet.reports.map(reportBytes)])
    case 'sourceDescription':
      return framed(PT_SDES, packet.chunks.length, packet.chunks.map(chunkBytes))
    case 'goodbye': {
      const reason = encodeUtf8(packet.reason)
      const text =
        reason.length === 0 ? [] : [aligned(concatBytes([Uint8Array.of(textLength(reason)), reason]), 0)]
      return framed(PT_BYE, packet.ssrcs.length, [words(...packet.ssrcs), ...text])
    }
    case 'nack':
      return framed(PT_RTPFB, FMT_NACK, [
        words(packet.ssrc, packet.mediaSsrc),
        ...nackWords(packet.sequenceNumbers),
      ])
    case 'pictureLossIndication':
      return framed(PT_PSFB, FMT_PLI, [words(packet.ssrc, packet.mediaSsrc)])
    case 'fullIntraRequest':
      // SSRC of the head 0, then one entry: SSRC | sequence number 8, reserved 24
      return framed(PT_PSFB, FMT_FIR, [
        words(packet.ssrc, 0, packet.mediaSsrc, (packet.commandNumber & 0xff) * 2 ** 24),
      ])
    case 'other':
      return framed(packet.packetType, packet.format, [packet.body])
    default: {
      const never: never = packet
      return never
    }
  }
}

function framed(packetType: number, count: number, parts: readonly Uint8Array[]): Uint8Array {
  if (count > 31) throw new RangeError(`${count} entries exceed 31`)
  const body = concatBytes(parts)
  if (body.length % 4 !== 0) throw new RangeError(`body of ${body.length} bytes is no multiple of 4`)
  const out = new Uint8Array(4 + body.length)
  out[0] = (VERSION << 6) | count // V | P 0 | RC, SC or FMT
  out[1] = packetType
  writeU16(out, 2, body.length / 4) // length in words, less one
  out.set(body, 4)
  return out
}

function reportBytes(report: ReportBlock): Uint8Array {
  const out = words(
    report.ssrc,
    0,
    report.highestSequence,
    report.jitter,
    report.lastSenderReport,
    report.delaySinceLastSenderReport,
  )
  out[4] = report.fractionLost
  writeU24(out, 5, report.cumulativeLost & 0xff_ffff)
  return out
}

function chunkBytes({ ssrc, items }: SourceDescriptionChunk): Uint8Array {
  const parts = items.flatMap(({ type, text }) => {
    const bytes = encodeUtf8(text)
    return [Uint8Array.of(type, textLength(bytes)), bytes]
  })
  return concatBytes([words(ssrc), aligned(concatBytes(parts), 1)])
}

/** Runs of up to 17 sequence numbers in order: PID, then a bit for each of the 16 after it. */
function nackWords(sequenceNumbers: readonly number[]): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let i = 0; i < sequenceNumbers.length;) {
    const first = sequenceNumbers[i]!
    let mask = 0
    let last = 0
    for (i++; i < sequenceNumbers.length; i++) {
      const step = (sequenceNumbers[i]! - first) & 0xffff
      if (step <= last || step > 16) break
      mask |= 1 << (step - 1)
      last = step
    }
    entries.push(words(first * 0x1_0000 + mask))
  }
  return entries
}

function words(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * values.length)
  for (const [i, value] of values.entries()) writeU32(out, 4 * i, value)
  return out
}

/** `bytes`, at least `zeros` zeros, and more up to a multiple of 4. */
function aligned(bytes: Uint8Array, zeros: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((bytes.length + zeros) / 4) * 4)
  out.set(bytes)
  return out
}

function textLength(text: Uint8Array): number {
  if (text.length > 255) throw new RangeError(`text of ${text.length} bytes exceeds 255`)
  return text.length
}

function need(body: Uint8Array, bytes: number): void {
  if (bytes > body.length) throw damaged(`${bytes} bytes wanted, ${body.length} there`)
}

function damaged(what: string): DecodeError {
  return new DecodeError('ERR_RTCP_PACKET', `no RTCP packet: ${what}`)
}
