/**
 * How many peers there are of each kind, stream or address.
 *
 * @module
 */
import { parseIpAddress } from './ip-range.ts'

/** Counts named peers under a key. A peer that comes twice under the same key counts once; what is empty is forgotten. */
export class PeerTally {
  readonly #peers: Map<string, Map<string, number>>

  constructor() {
    this.#peers = new Map()
  }

  /** Keys under which somebody is counted. */
  get size(): number {
    return this.#peers.size
  }

  /** Whether `peer` may come under `key` without making more than `max` of them. */
  hasRoom(key: string, peer: string, max: number): boolean {
    const peers = this.#peers.get(key)
    return peers === undefined ? max > 0 : peers.has(peer) || peers.size < max
  }

  /** Whether anybody is counted under `key`. */
  has(key: string): boolean {
    return this.#peers.has(key)
  }

  /** Counts `peer` under `key`. */
  add(key: string, peer: string): void {
    const peers = this.#peers.get(key) ?? new Map<string, number>()
    this.#peers.set(key, peers)
    peers.set(peer, (peers.get(peer) ?? 0) + 1)
  }

  /** Takes one {@link PeerTally.add} back. */
  remove(key: string, peer: string): void {
    const peers = this.#peers.get(key)
    const times = peers?.get(peer)
    if (peers === undefined || times === undefined) return
    if (times > 1) peers.set(peer, times - 1)
    else peers.delete(peer)
    if (peers.size === 0) this.#peers.delete(key)
  }
}

/**
 * Whom an address stands for. Every home and every rented server has a whole IPv6 /64 (RFC 6177), so all of its addresses are one.
 * `undefined` when the address is not known.
 */
export function addressKey(remoteAddress: string): string | undefined {
  const bytes = parseIpAddress(remoteAddress)
  return bytes === undefined ? undefined : Buffer.from(bytes.subarray(0, 8)).toString('hex')
}
