/**
 * Where datagrams come from and go to.
 *
 * @module
 */

/** Address of a peer. */
export interface SrtAddress {
  /** IP address as text; always the same spelling for the same peer. */
  readonly address: string
  /** UDP port. */
  readonly port: number
}

/** A datagram and where it goes. */
export interface SrtDatagram {
  /** Where it goes. */
  readonly to: SrtAddress
  /** Its bytes. */
  readonly bytes: Uint8Array
}

/** Address and port as a key. */
export function peerKey({ address, port }: SrtAddress): string {
  return `${address} ${port}`
}
