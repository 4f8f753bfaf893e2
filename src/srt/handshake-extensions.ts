/**
 * Extensions of a handshake. draft-sharabayko-srt-01 §3.2.1.1 to §3.2.1.3. Layout of each: type 16 | length 16, in words of 4 bytes | contents. Their order is free:
 * OBS sends the stream id before the key.
 *
 * @module
 */
import { concatBytes, decodeUtf8, encodeUtf8, readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** HSREQ or HSRSP: who the sender is, and the delays of both directions. */
export interface SrtLatencyExtension {
  /** `major << 16 | minor << 8 | patch`; 1.5.1 is 0x010501. */
  readonly srtVersion: number
  /** Bits of `SRT_FLAG_…`. */
  readonly flags: number
  /** Delay of what the sender receives, ms: asked for in a request, settled in a response. */
  readonly receiveLatencyMs: number
  /** Delay of what the sender sends, ms: the least in a request, settled in a response. */
  readonly sendLatencyMs: number
}

/** What a conclusion carries; each extension once. */
export interface SrtHandshakeExtensions {
  /** HSREQ. */
  readonly request?: SrtLatencyExtension | undefined
  /** HSRSP. */
  readonly response?: SrtLatencyExtension | undefined
  /** KMREQ: a key material message; a view of the datagram. */
  readonly keyRequest?: Uint8Array | undefined
  /** KMRSP: the same message, or one word that says why the key was not taken; a view of the datagram. */
  readonly keyResponse?: Uint8Array | undefined
  /** Stream id, at most 512 bytes of UTF-8. */
  readonly streamId?: string | undefined
  /** Name of a congestion controller; `live` if there is none. */
  readonly congestionController?: string | undefined
  /** Settings of a packet filter (FEC). */
  readonly packetFilter?: string | undefined
  /** Membership in a group of connections. */
  readonly group?: Uint8Array | undefined
}

/** Delivers by timestamp what it sends. */
export const SRT_FLAG_TSBPD_SEND = 1
/** Delivers by timestamp what it receives. */
export const SRT_FLAG_TSBPD_RECEIVE = 2
/** Knows encryption; always set. */
export const SRT_FLAG_CRYPT = 4
/** Gives packets up that are too late. */
export const SRT_FLAG_TOO_LATE_DROP = 8
/** Repeats NAKs. */
export const SRT_FLAG_PERIODIC_NAK = 0x10
/** Knows the R bit of data packets. */
export const SRT_FLAG_RESENT_BIT = 0x20
/** Sends a byte stream instead of messages. */
export const SRT_FLAG_STREAM = 0x40
/** Knows packet filters. */
export const SRT_FLAG_PACKET_FILTER = 0x80

/** Longest stream id, bytes of UTF-8. */
export const MAX_STREAM_ID_BYTES = 512

const HSREQ = 1
const HSRSP = 2
const KMREQ = 3
const KMRSP = 4
const STREAM_ID = 5
const CONGESTION = 6
const FILTER = 7
const GROUP = 8

/** Reads what follows the 48 bytes of a conclusion. */
export function decodeHandshakeExtensions(bytes: Uint8Array): SrtHandshakeExtensions {
  const extensions: { -readonly [Name in keyof SrtHandshakeExtensions]: SrtHandshakeExtensions[Name] } = {}
  let seen = 0
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length)
      throw new DecodeError('ERR_SRT_HANDSHAKE', 'handshake ends within an extension')
    const type = readU16(bytes, at)
    const length = 4 * readU16(bytes, at + 2)
    const contents = bytes.subarray(at + 4, at + 4 + length)
    if (contents.length < length) {
      throw new DecodeError(
        'ERR_SRT_HANDSHAKE',
        `extension ${type} of ${length} bytes, of which ${contents.length} came`,
      )
    }
    at += 4 + length
    if (type < HSREQ || type > GROUP) continue
    if ((seen & (1 << type)) !== 0)
      throw new DecodeError('ERR_SRT_HANDSHAKE', `extension ${type} comes twice`)
    seen |= 1 << type
    if (type === HSREQ) extensions.request = readLatencies(contents)
    else if (type === HSRSP) extensions.response = readLatencies(contents)
    else if (type === KMREQ) extensions.keyRequest = contents
    else if (type === KMRSP) extensions.keyResponse = contents
    else if (type === STREAM_ID) extensions.streamId = readText(contents)
    else if (type === CONGESTION) extensions.congestionController = readText(contents)
    else if (type === FILTER) extensions.packetFilter = readText(contents)
    else extensions.group = contents
  }
  return extensions
}

/** Writes extensions in the order that libsrt has. */
export function encodeHandshakeExtensions(extensions: SrtHandshakeExtensions): Uint8Array {
  const parts: Uint8Array[] = []
  const add = (type: number, contents: Uint8Array | undefined): void => {
    if (contents === undefined) return
    const header = new Uint8Array(4)
    writeU16(header, 0, type)
    writeU16(header, 2, contents.length / 4)
    parts.push(header, contents)
  }
  add(HSREQ, extensions.request && latencies(extensions.request))
  add(HSRSP, extensions.response && latencies(extensions.response))
  add(KMREQ, extensions.keyRequest)
  add(KMRSP, extensions.keyResponse)
  add(STREAM_ID, textContents(extensions.streamId))
  add(CONGESTION, textContents(extensions.congestionController))
  add(FILTER, textContents(extensions.packetFilter))
  add(GROUP, extensions.group)
  return concatBytes(parts)
}

/** HSREQ and HSRSP, 12 bytes: version 32 | flags 32 | receive latency 16 (ms) | send latency 16 (ms). */
function readLatencies(contents: Uint8Array): SrtLatencyExtension {
  if (contents.length < 12) {
    throw new DecodeError('ERR_SRT_HANDSHAKE', `handshake extension of ${contents.length} bytes`)
  }
  return {
    srtVersion: readU32(contents, 0),
    flags: readU32(contents, 4),
    receiveLatencyMs: readU16(contents, 8),
    sendLatencyMs: readU16(contents, 10),
  }
}

function latencies(extension: SrtLatencyExtension): Uint8Array {
  const contents = new Uint8Array(12)
  writeU32(contents, 0, extension.srtVersion)
  writeU32(contents, 4, extension.flags)
  writeU16(contents, 8, extension.receiveLatencyMs)
  writeU16(contents, 10, extension.sendLatencyMs)
  return contents
}

/** Text is padded with zeros to words of four bytes, and each word is reversed. */
function readText(contents: Uint8Array): string {
  if (contents.length > MAX_STREAM_ID_BYTES) {
    throw new DecodeError('ERR_SRT_HANDSHAKE', `text of ${contents.length} bytes in an extension`)
  }
  const bytes = contents.map((_, at) => contents[at ^ 3]!)
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return decodeUtf8(bytes.subarray(0, end))
}

function textContents(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text === '') return undefined
  const bytes = encodeUtf8(text)
  if (bytes.length > MAX_STREAM_ID_BYTES) {
    throw new RangeError(`stream id of ${bytes.length} bytes exceeds ${MAX_STREAM_ID_BYTES}`)
  }
  const contents = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  for (let at = 0; at < bytes.length; at++) contents[at ^ 3] = bytes[at]!
  return contents
}
