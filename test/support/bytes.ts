/** Byte literals and splits, the vocabulary of the tests. */

/** Bytes from hex; white space and anything after `//` or `;` on a line is for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/(\/\/|;).*$/gm, '').replaceAll(/\s+/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`not hex: ${text}`)
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** Hex of `bytes`, for a readable failure. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** ASCII text as bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

/** One array of all parts. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** `bytes` whole, cut in two at every place, and byte by byte. */
export function* everySplit(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes]
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}
