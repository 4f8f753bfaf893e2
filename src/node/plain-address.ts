/**
 * Addresses as rules are written for them.
 *
 * @module
 */

/** An IPv4 client of a dual-stack socket has the address `::ffff:192.0.2.7`: this gives `192.0.2.7`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
