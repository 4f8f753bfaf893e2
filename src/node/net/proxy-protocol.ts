/**
 * PROXY protocol, versions 1 (text) and 2 (binary): the address of the client behind a load balancer. HAProxy "The PROXY
 * protocol", §2.1 and §2.2.
 *
 * @module
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { ByteQueue, decodeUtf8, equalBytes, readU16 } from '../../bytes/index.ts'
import { DecodeError } from '../../errors/index.ts'

/** The longest version 1 header with its CRLF. */
const MAX_V1_BYTES = 107

/** Signature, version and command, family and protocol, length. */
const V2_HEAD_BYTES = 16

/** A version 2 header announces up to 65,535 bytes behind its head; addresses and TLVs of real balancers stay far below. */
const MAX_V2_BYTES = V2_HEAD_BYTES + 2_048

const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const V1_SIGNATURE = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20) // 'PROXY '

const COMMAND_LOCAL = 0
const COMMAND_PROXY = 1
const FAMILY_IPV4 = 1
const FAMILY_IPV6 = 2

/** Two addresses and two ports. */
const IPV4_BYTES = 12
const IPV6_BYTES = 36

/** What the balancer said of the client. */
export interface ProxyHeader {
  /** Address of the client, IPv6 in its short form; `undefined` for the balancer's own checks (`LOCAL`, `UNKNOWN`). */
  readonly sourceAddress: string | undefined
  /** Port of the client. */
  readonly sourcePort: number | undefined
}

const NOBODY: ProxyHeader = { sourceAddress: undefined, sourcePort: undefined }

/** Reads the header at the start of a connection. */
export class ProxyProtocolDecoder {
  readonly #queue: ByteQueue
  #header: ProxyHeader | undefined

  constructor() {
    this.#queue = new ByteQueue()
    this.#header = undefined
  }

  /** The header, once it is complete. */
  get header(): ProxyHeader | undefined {
    return this.#header
  }

  /**
   * Takes bytes until the header is complete.
   * @returns what follows the header, or `undefined` while it is not complete.
   * @throws {@link DecodeError} `ERR_PROXY_HEADER` when the connection does not start with a header, or it is too long.
   */
  push(bytes: Uint8Array): Uint8Array | undefined {
    this.#queue.push(bytes)
    const waiting = this.#queue.peek()
    if (waiting.length === 0) return undefined
    let length: number | undefined
    if (startsLike(waiting, V2_SIGNATURE)) length = this.#readV2(waiting)
    else if (startsLike(waiting, V1_SIGNATURE)) length = this.#readV1(waiting)
    else throw malformed('the connection does not start with a PROXY header')
    if (length === undefined) return undefined
    this.#queue.skip(length)
    return this.#queue.take(this.#queue.length)
  }

  /** PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935 CR LF, or PROXY UNKNOWN and anything CR LF */
  #readV1(bytes: Uint8Array): number | undefined {
    const end = bytes.subarray(0, MAX_V1_BYTES).indexOf(0x0a)
    if (end < 0) {
      if (bytes.length < MAX_V1_BYTES) return undefined
      throw malformed(`no line end within ${MAX_V1_BYTES} bytes`)
    }
    if (bytes[end - 1] !== 0x0d) throw malformed('no CR before LF')
    const [, family, source = '', , port = '', ...more] = decodeUtf8(bytes, 0, end - 1).split(' ')
    if (family === 'UNKNOWN') this.#header = NOBODY
    else {
      const known = family === 'TCP4' ? isIPv4(source) : family === 'TCP6' && isIPv6(source)
      const sourcePort = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN
      if (!known || !(sourcePort <= 0xffff) || more.length !== 1)
        throw malformed('no TCP addresses and ports')
      this.#header = { sourceAddress: family === 'TCP6' ? shortIPv6(source) : source, sourcePort }
    }
    return end + 1
  }

  /** signature 12 | version 4 = 2, command 4 | family 4, protocol 4 | length 16 | addresses | TLVs */
  #readV2(bytes: Uint8Array): number | undefined {
    if (bytes.length < V2_HEAD_BYTES) return undefined
    const version = bytes[12]! >> 4
    const command = bytes[12]! & 0x0f
    const family = bytes[13]! >> 4
    const following = readU16(bytes, 14)
    const length = V2_HEAD_BYTES + following
    if (version !== 2) throw malformed(`version ${version}`)
    if (length > MAX_V2_BYTES) throw malformed(`${length} bytes, more than ${MAX_V2_BYTES}`)
    if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) throw malformed(`command ${command}`)
    if (bytes.length < length) return undefined
    const addressBytes = family === FAMILY_IPV4 ? IPV4_BYTES : family === FAMILY_IPV6 ? IPV6_BYTES : 0
    if (command === COMMAND_LOCAL || addressBytes === 0) this.#header = NOBODY
    else if (following < addressBytes) throw malformed(`${following} bytes for two addresses and ports`)
    else if (family === FAMILY_IPV4) {
      this.#header = { sourceAddress: bytes.subarray(16, 20).join('.'), sourcePort: readU16(bytes, 24) }
    } else {
      const groups = Array.from({ length: 8 }, (_, i) => readU16(bytes, 16 + 2 * i).toString(16))
      this.#header = { sourceAddress: shortIPv6(groups.join(':')), sourcePort: readU16(bytes, 48) }
    }
    return length
  }
}

function malformed(what: string): DecodeError {
  return new DecodeError('ERR_PROXY_HEADER', what)
}

/** Whether `bytes` could be the beginning of something that begins with `signature`. */
function startsLike(bytes: Uint8Array, signature: Uint8Array): boolean {
  const length = Math.min(bytes.length, signature.length)
  return equalBytes(bytes.subarray(0, length), signature.subarray(0, length))
}

/** One spelling for each address, so that rules can compare text: `2001:db8::7`. */
function shortIPv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address
}
