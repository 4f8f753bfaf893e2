/**
 * IPv4 and IPv6 addresses, and ranges of them in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net'

/** `::ffff:0:0/96`: an IPv4 client of a dual-stack socket (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX_BITS = 96

/**
 * The bytes of an address, 4 or 16; an IPv4-mapped IPv6 address is the IPv4 address. `undefined` for anything else. A zone
 * (`fe80::1%eth0`) is left out.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  if (!isIPv6(address)) return undefined
  const bytes = ipv6Bytes(address)
  return isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** A range of addresses. */
export class IpRange {
  readonly #network: Uint8Array
  readonly #prefixBits: number

  /**
   * @param text - an address, or address and prefix length: `192.0.2.0/24`, `2001:db8::/32`. Bits behind the prefix do not count.
   * @throws RangeError when it is neither.
   */
  constructor(text: string) {
    const slash = text.indexOf('/')
    const network = parseIpAddress(slash < 0 ? text : text.slice(0, slash))
    const length = slash < 0 ? undefined : text.slice(slash + 1)
    if (network === undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) {
      throw new RangeError(`${text} is not an IP address or CIDR range`)
    }
    const bits = network.length * 8
    let prefixBits = length === undefined ? bits : Number(length)
    // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
    if (bits === 32 && length !== undefined && text.includes(':')) prefixBits -= MAPPED_PREFIX_BITS
    if (prefixBits < 0 || prefixBits > bits) throw new RangeError(`${text} has an impossible prefix length`)
    this.#network = network
    this.#prefixBits = prefixBits
  }

  /** Whether the address, as {@link parseIpAddress} gives it, is in the range. IPv4 addresses are in no IPv6 range. */
  contains(address: Uint8Array): boolean {
    const network = this.#network
    if (address.length !== network.length) return false
    const whole = this.#prefixBits >> 3
    for (let i = 0; i < whole; i++) if (address[i] !== network[i]) return false
    const rest = this.#prefixBits & 7
    return rest === 0 || ((address[whole]! ^ network[whole]!) & (0xff00 >> rest) & 0xff) === 0
  }
}

function ipv6Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  const [head = '', tail] = text.split('::')
  const left = groupBytes(head)
  bytes.set(left)
  if (tail !== undefined) {
    const right = groupBytes(tail)
    bytes.set(right, 16 - right.length)
  }
  return bytes
}

/** Groups of 16 bits; the last may be an IPv4 address. */
function groupBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)
}
