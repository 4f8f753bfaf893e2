/**
 * What payload formats have in common on the way out.
 *
 * @module
 */

/** The payload of one packet to send. */
export interface RtpPayload {
  /** The payload. A copy, or a view of the frame. */
  readonly payload: Uint8Array
  /** Marker bit as the payload format asks for it. */
  readonly marker: boolean
  /** Ticks after the time of the frame. */
  readonly ticks: number
}

/** Makes payloads of one format. */
export interface Packetizer {
  /**
   * The payloads of one access unit or frame, none larger than the bound.
   * @param data - as an `AccessUnit` has it.
   * @throws {@link MediaError} if the bytes are not what the format carries.
   */
  push(data: Uint8Array): RtpPayload[]
}
