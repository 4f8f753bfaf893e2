/**
 * Base64, as SDP has parameter sets. RFC 4648 §4.
 *
 * @module
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const left = bytes.length - at
    text += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 0x3f]!
    text += left > 1 ? ALPHABET[(group >> 6) & 0x3f]! : '='
    text += left > 2 ? ALPHABET[group & 0x3f]! : '='
  }
  return text
}

/** The bytes of base64; padding may be missing. `undefined` for other characters, blanks among them. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/=+$/, '')
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let value = 0
  let bits = 0
  let at = 0
  for (const digit of digits) {
    const index = ALPHABET.indexOf(digit)
    if (index < 0) return undefined
    value = ((value << 6) | index) & 0xff_ffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = (value >> bits) & 0xff
    }
  }
  return out
}
