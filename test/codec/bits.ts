/** Bit structures assembled by hand: one string per field, the field's name in a comment beside it. */

/** Bytes from strings of 0 and 1 (white space is for the reader); the last byte is filled with zeros. */
export function bits(...fields: readonly string[]): Uint8Array {
  const digits = fields.join('').replaceAll(/\s+/g, '')
  if (/[^01]/.test(digits)) throw new Error(`not bits: ${digits}`)
  const padded = digits.padEnd(Math.ceil(digits.length / 8) * 8, '0')
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/** `value` in `count` bits. */
export function u(count: number, value: number): string {
  return value.toString(2).padStart(count, '0')
}

/** `value` as the Exp-Golomb code ue(v). H.264 §9.1 */
export function ue(value: number): string {
  const digits = (value + 1).toString(2)
  return '0'.repeat(digits.length - 1) + digits
}

/** `value` as the signed Exp-Golomb code se(v). H.264 §9.1.1 */
export function se(value: number): string {
  return ue(value > 0 ? 2 * value - 1 : -2 * value)
}
