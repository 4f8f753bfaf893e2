/**
 * UTF-8, counted and written in bytes. Wire lengths of AMF, SDP and playlists are byte lengths, never
 * `string.length` (which counts UTF-16 units).
 *
 * @module
 */

// TextDecoder is a global of every runtime this package supports, but belongs to no ECMAScript lib.
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string }

const decoder = new TextDecoder()

/** The number of bytes that `text` takes in UTF-8. A lone surrogate counts as U+FFFD (3 bytes). */
export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) length += 1
    else if (unit < 0x800) length += 2
    else if (isPair(text, i)) {
      length += 4
      i++
    } else length += 3
  }
  return length
}

/**
 * Writes `text` at `offset`, which must leave {@link utf8Length} bytes of room.
 * @returns the offset after the last byte.
 */
export function writeUtf8(text: string, out: Uint8Array, offset: number): number {
  let at = offset
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i)
    if (point < 0x80) {
      out[at++] = point
    } else if (point < 0x800) {
      out[at++] = 0xc0 | (point >> 6)
      out[at++] = 0x80 | (point & 0x3f)
    } else if (isPair(text, i)) {
      point = text.codePointAt(i)!
      i++
      out[at++] = 0xf0 | (point >> 18)
      out[at++] = 0x80 | ((point >> 12) & 0x3f)
      out[at++] = 0x80 | ((point >> 6) & 0x3f)
      out[at++] = 0x80 | (point & 0x3f)
    } else {
      if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
      out[at++] = 0xe0 | (point >> 12)
      out[at++] = 0x80 | ((point >> 6) & 0x3f)
      out[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}

/** `text` as UTF-8 bytes. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(utf8Length(text))
  writeUtf8(text, out, 0)
  return out
}

/**
 * The text in `bytes[start, end)`. Malformed sequences become U+FFFD; a byte-order mark at the start is
 * dropped.
 */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  // Short ASCII, the AMF property name, is faster by hand than through a decoder call.
  if (end - start <= 32) {
    let text = ''
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end))
      text += String.fromCharCode(byte)
    }
    return text
  }
  return decoder.decode(bytes.subarray(start, end))
}

function isPair(text: string, i: number): boolean {
  return (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00
}
