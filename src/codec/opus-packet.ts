/**
 * How long an Opus packet plays. RFC 6716 §3.1, §3.2.5.
 *
 * Layout: config 5, stereo 1, code 2 (TOC) | for code 3: VBR 1, padding 1, frame count 6 | frames
 *
 * @module
 */

/**
 * Samples at 48 kHz of a packet, from its first two bytes: 120 to 5760 in packets that keep to the standard,
 * 0 for a packet without frames. In a packet of several streams (surround) the first one determines all.
 * @param packet - may be longer than the packet, or start at `offset`. A byte that is missing reads as 0.
 */
export function opusPacketSamples(packet: Uint8Array, offset = 0): number {
  const toc = packet[offset] ?? 0
  const config = toc >> 3
  let samples: number
  if (config < 12) samples = [480, 960, 1920, 2880][config & 3]! // SILK: 10, 20, 40, 60 ms
  else if (config < 16) samples = [480, 960][config & 1]! // hybrid: 10, 20 ms
  else samples = [120, 240, 480, 960][config & 3]! // CELT: 2.5, 5, 10, 20 ms
  const code = toc & 3
  return samples * (code === 0 ? 1 : code === 3 ? (packet[offset + 1] ?? 0) & 0x3f : 2)
}
