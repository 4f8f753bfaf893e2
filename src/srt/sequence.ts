/**
 * Arithmetic on the 31-bit sequence numbers of packets, which wrap: numbers are compared by their distance alone.
 * draft-sharabayko-srt-01 §3.1.
 *
 * @module
 */

/** Largest sequence number; it is followed by 0. */
export const MAX_SEQUENCE_NUMBER = 0x7fff_ffff

/** Largest message number; it is followed by 1, for 0 marks the packets of a packet filter. */
export const MAX_MESSAGE_NUMBER = 0x03ff_ffff

/** The sequence number `count` places after `sequenceNumber`, before it if `count` is negative. */
export function sequenceAfter(sequenceNumber: number, count = 1): number {
  return (sequenceNumber + count) & MAX_SEQUENCE_NUMBER
}

/** How many places `to` comes after `from`, −2³⁰ to 2³⁰ − 1: the nearer way round. */
export function sequenceOffset(from: number, to: number): number {
  return ((to - from) << 1) >> 1
}

/** The message number after `messageNumber`. */
export function messageNumberAfter(messageNumber: number): number {
  return messageNumber >= MAX_MESSAGE_NUMBER ? 1 : messageNumber + 1
}
