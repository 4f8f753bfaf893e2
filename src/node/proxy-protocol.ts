/**
 * PROXY protocol, versions 1 (text) and 2 (binary): the address of the client behind a load balancer. HAProxy "The PROXY
 * protocol", §2.1 and §2.2.
 *
 * @module
 */
import { ByteQueue, decodeUtf8, readU16 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** The longest version 1 header: 107 bytes with CRLF. */
const MAX_V1_BYTES = 107

/** A version 2 header announces up to 65,535 bytes; addresses and TLVs of real balancers stay far below. */
const MAX_V2_BYTES = 16 + 2_048

const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

/** What the balancer said of the client. */
export interface ProxyHeader {
  /** Address of the client, or `undefined` for the balancer's own checks (`LOCAL`, `UNKNOWN`). */
  readonly sourceAddress: string | undefined
  /** Port of the client. */
  readonly sourcePort: number | undefined
}

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
    const length = startsLike(waiting, V2_SIGNATURE) ? this.#readV2(waiting) : this.#readV1(waiting)
    if (length === undefined) return undefined
    this.#queue.skip(length)
    return this.#queue.take(this.#queue.length)
  }

  #readV1(bytes: Uint8Array): number | undefined {
    let end = bytes.indexOf(0x0a)
    if (end < 0) {
      if (bytes.length >= MAX_V1_BYTES)
        throw new DecodeError('ERR_PROXY_HEADER', 'no line end within 107 bytes')
      end = bytes.length
      if (!'PROXY '.startsWith(decodeUtf8(bytes, 0, Math.min(6, end)))) throw notProxy()
      return undefined
    }
    if (end >= MAX_V1_BYTES) throw new DecodeError('ERR_PROXY_HEADER', 'no line end within 107 bytes')
    // PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\r\n
    const [magic, family, source, , port] = decodeUtf8(bytes, 0, end).trimEnd().split(' ')
    if (magic !== 'PROXY') throw notProxy()
    const known = (family === 'TCP4' || family === 'TCP6') && source !== undefined && port !== undefined
    this.#header = {
      sourceAddress: known ? source : undefined,
      sourcePort: known ? Number(port) : undefined,
    }
    return end + 1
  }

  /** signature 12 | version 4 = 2, command 4 | family 4, protocol 4 | length 16 | addresses | TLVs */
  #readV2(bytes: Uint8Array): number | undefined {
    if (bytes.length < 16) return undefined
    const length = 16 + readU16(bytes, 14)
    if (bytes[12]! >> 4 !== 2) throw new DecodeError('ERR_PROXY_HEADER', `version ${bytes[12]! >> 4}`)
    if (length > MAX_V2_BYTES) throw new DecodeError('ERR_PROXY_HEADER', `${length} bytes of header`)
    if (bytes.length < length) return undefined
    const isProxied = (bytes[12]! & 0x0f) === 1
    const family = bytes[13]! >> 4
    if (isProxied && family === 1 && length >= 16 + 12) {
      this.#header = {
        sourceAddress: bytes.subarray(16, 20).join('.'),
        sourcePort: readU16(bytes, 24),
      }
    } else if (isProxied && family === 2 && length >= 16 + 36) {
      const groups = Array.from({ length: 8 }, (_, i) => readU16(bytes, 16 + 2 * i).toString(16))
      this.#header = { sourceAddress: groups.join(':'), sourcePort: readU16(bytes, 48) }
    } else {
      this.#header = { sourceAddress: undefined, sourcePort: undefined }
    }
    return length
  }
}

function notProxy(): DecodeError {
  return new DecodeError('ERR_PROXY_HEADER', 'the connection does not start with a PROXY header')
}

function startsLike(bytes: Uint8Array, signature: Uint8Array): boolean {
  const length = Math.min(bytes.length, signature.length)
  for (let i = 0; i < length; i++) if (bytes[i] !== signature[i]) return false
  return length > 0
}
