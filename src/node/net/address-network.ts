/**
 * Whom an address stands for.
 *
 * @module
 */
import { isIPv6 } from 'node:net'

/**
 * The /64 network of an IPv6 address, as every home and every rented server has a whole one (RFC 6177); any other address as it is.
 * @param address - without an IPv4-mapped prefix.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  if (!isIPv6(plain)) return address
  const [head = '', tail] = plain.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
