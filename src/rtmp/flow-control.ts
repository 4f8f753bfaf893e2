/**
 * Acknowledgement accounting of one connection, both ways. RTMP 1.0 §5.4.3 to §5.4.5.
 *
 * Counts are kept as plain numbers and put on the wire modulo 2³². A peer that never acknowledges is
 * tolerated: its backlog is a fact to look at, never a reason to stop.
 *
 * @module
 */

const WRAP = 2 ** 32

/** Counts the bytes of a connection, and says when an acknowledgement is due. */
export class FlowControl {
  #received: number
  #acknowledged: number
  #windowBytes: number
  #sent: number
  #peerAcknowledged: number

  /**
   * @param windowBytes - window for what we receive until the peer names its own, bytes; 0 acknowledges
   *   nothing till then.
   * @param startBytes - bytes that count as already received and sent, for continuing a count and for tests
   *   of the wrap.
   */
  constructor(windowBytes: number, startBytes = 0) {
    this.#received = startBytes
    this.#acknowledged = startBytes
    this.#windowBytes = windowBytes
    this.#sent = startBytes
    this.#peerAcknowledged = startBytes
  }

  /** Bytes received so far. */
  get receivedBytes(): number {
    return this.#received
  }

  /** Bytes sent so far. */
  get sentBytes(): number {
    return this.#sent
  }

  /** Bytes sent that the peer has not acknowledged; all of them if it never does. */
  get unacknowledgedBytes(): number {
    return this.#sent - this.#peerAcknowledged
  }

  /** Accounts for bytes from the peer. */
  countReceived(bytes: number): void {
    this.#received += bytes
  }

  /** Accounts for bytes to the peer. */
  countSent(bytes: number): void {
    this.#sent += bytes
  }

  /** The peer's window acknowledgement size, bytes. 0 turns acknowledgements off. */
  setWindow(windowBytes: number): void {
    this.#windowBytes = windowBytes
  }

  /**
   * The sequence number to acknowledge now, or `undefined` while none is due. One is due after half a window,
   * so that the peer, which may stop at a full window, never waits for us.
   */
  takeAcknowledgement(): number | undefined {
    if (this.#windowBytes === 0 || this.#received - this.#acknowledged < this.#windowBytes / 2)
      return undefined
    this.#acknowledged = this.#received
    return this.#received % WRAP
  }

  /**
   * The peer's acknowledgement: the latest count with these low 32 bits that does not exceed what was sent.
   */
  acknowledge(sequenceNumber: number): void {
    const behind = (this.#sent - sequenceNumber) % WRAP
    // Peers count from different points (with or without the handshake), so a number may be a little ahead of
    // ours.
    const ahead = behind < 0 ? -behind : WRAP - behind
    this.#peerAcknowledged =
      ahead < SLACK_BYTES ? this.#sent : this.#sent - (behind < 0 ? behind + WRAP : behind)
    if (this.#peerAcknowledged < 0) this.#peerAcknowledged = 0
  }
}

const SLACK_BYTES = 1_048_576
