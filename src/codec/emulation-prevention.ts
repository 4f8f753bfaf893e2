/**
 * Emulation prevention: inside a NAL unit 00 00 0x (x ≤ 3) is written 00 00 03 0x, so that no start code
 * appears. H.264 §7.4.1, H.265 §7.4.2.
 *
 * @module
 */

/**
 * The NAL unit without its emulation prevention bytes, header included. Returns the input itself if there is
 * nothing to remove; do not write to the result.
 */
export function removeEmulationPrevention(nalUnit: Uint8Array): Uint8Array {
  const length = nalUnit.length
  let at = nextEscape(nalUnit, 0)
  if (at === length) return nalUnit
  const out = new Uint8Array(length)
  let from = 0
  let written = 0
  while (at < length) {
    out.set(nalUnit.subarray(from, at), written)
    written += at - from
    from = at + 1
    at = nextEscape(nalUnit, from)
  }
  out.set(nalUnit.subarray(from), written)
  return out.subarray(0, written + length - from)
}

/** Offset of the next 03 after 00 00 that both lie at or after `from`, or the length. */
function nextEscape(bytes: Uint8Array, from: number): number {
  const length = bytes.length
  for (let at = from + 2; at < length;) {
    const byte = bytes[at]!
    if (byte > 3) at += 3
    else if (byte === 3 && bytes[at - 1] === 0 && bytes[at - 2] === 0) return at
    else at += 1
  }
  return length
}
