/**
 * The attribute lists of playlist tags: `NAME=value,NAME="quoted"`. RFC 8216 §4.2.
 *
 * @module
 */

/** One attribute, its value in wire form. */
export type Attribute = readonly [name: string, value: string]

/**
 * Reads an attribute list. Tolerant: white space around names and values is dropped, and so is what has no name. Quotes are taken off.
 * Of a name that comes twice, the last counts.
 */
export function parseAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    if (equals < 0) break
    const name = text
      .slice(at, equals)
      .replace(/^[\s,]+/, '')
      .trim()
    let start = equals + 1
    while (text[start] === ' ') start++
    let end: number
    let value: string
    if (text[start] === '"') {
      const close = text.indexOf('"', start + 1)
      const stop = close < 0 ? text.length : close
      value = text.slice(start + 1, stop)
      const comma = text.indexOf(',', stop)
      end = comma < 0 ? text.length : comma
    } else {
      const comma = text.indexOf(',', start)
      end = comma < 0 ? text.length : comma
      value = text.slice(start, end).trim()
    }
    if (name !== '') attributes.set(name, value)
    at = end + 1
  }
  return attributes
}

/** Writes an attribute list. */
export function formatAttributes(attributes: readonly Attribute[]): string {
  return attributes.map(([name, value]) => `${name}=${value}`).join(',')
}

/**
 * A quoted-string.
 * @throws RangeError if it contains a quote or a line break, which the format cannot express.
 */
export function quoted(text: string): string {
  if (/["\r\n]/.test(text)) throw new RangeError(`no quoted-string can hold ${JSON.stringify(text)}`)
  return `"${text}"`
}

/** A decimal-integer attribute, or `undefined` when it is absent or no number. */
export function integerOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}

/** A signed decimal number, or `undefined` when it is absent or no number. */
export function decimalOf(value: string | undefined): number | undefined {
  return value !== undefined && /^-?\d+(\.\d*)?$/.test(value) ? Number(value) : undefined
}
