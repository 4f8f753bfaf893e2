/**
 * Why a listener refuses a connection, as the handshake type of its answer says it: 1000 plus the number of libsrt's API.
 *
 * @module
 */

/**
 * Reasons by name, as they are on the wire. Those from 2400 on are the API's 1400 and more, which follow the status codes of HTTP;
 * callers show most of them as "application-defined rejection reason". draft-sharabayko-srt-01 §3.2.1.
 */
export const SRT_REJECTION = {
  /** No reason given. */
  peer: 1002,
  /** No room for another connection. */
  resource: 1003,
  /** A handshake that contradicts itself. */
  rogue: 1004,
  /** Too many requests wait for a decision. */
  backlog: 1005,
  /** The listener is about to close. */
  close: 1007,
  /** Not version 5. */
  version: 1008,
  /** The passphrase is wrong. */
  badSecret: 1010,
  /** One side has a passphrase and the other has none. */
  unsecure: 1011,
  /** A byte stream instead of messages. */
  messageApi: 1012,
  /** Another congestion controller than `live`. */
  congestion: 1013,
  /** A packet filter. */
  filter: 1014,
  /** A group of connections. */
  group: 1015,
  /** The decision took too long. */
  timeout: 1016,
  /** Another cipher than AES-CTR. */
  cryptoMode: 1017,
  /** The stream id cannot be read. */
  badStreamId: 2400,
  /** The caller is to say who it is. */
  unauthorized: 2401,
  /** Too many connections. */
  overload: 2402,
  /** The caller may not do what it asks for. */
  forbidden: 2403,
  /** There is no such stream. */
  notFound: 2404,
  /** The stream can be published or played, but not as asked. */
  badMode: 2405,
  /** The stream is being published already. */
  conflict: 2409,
  /** A fault of the server. */
  internal: 2500,
} as const

/** Name of a reason; `undefined` for one that has no name here. */
export function srtRejectionName(code: number): keyof typeof SRT_REJECTION | undefined {
  for (const [name, value] of Object.entries(SRT_REJECTION)) {
    if (value === code) return name as keyof typeof SRT_REJECTION
  }
  return undefined
}
