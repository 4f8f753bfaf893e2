/**
 * Addresses as rules are written for them.
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net'

/** `[2001:db8::1]`, `[2001:db8::1]:443` or `192.0.2.7:38242`. */
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/

/** `::ffff:192.0.2.7`, as URLs write it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/**
 * The one spelling of an IP address: IPv4 in four decimal numbers, also when it is mapped into IPv6 (an IPv4 client of a dual-stack socket),
 * IPv6 as RFC 5952 has it. Quotes, brackets, a port and a zone are left out. Text that is no address stays as it is.
 */
export function plainAddress(text: string): string {
  if (isIPv4(text)) return text
  const bare = text.trim().replace(/^"([^"]*)"$/, '$1')
  const [, bracketed, dotted] = WITH_PORT.exec(bare) ?? []
  const [address] = (bracketed ?? dotted ?? bare).split('%', 1) as [string]
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return text
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = MAPPED.exec(plain) ?? []
  if (high === undefined || low === undefined) return plain
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return `${left >> 8}.${left & 0xff}.${right >> 8}.${right & 0xff}`
}
