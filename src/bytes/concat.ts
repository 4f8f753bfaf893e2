/**
 * Joining and comparing byte arrays.
 *
 * @module
 */

/** A shared empty array. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

/** Copies `parts` into one new array. Give `length` when the sum is known already. */
export function concatBytes(parts: readonly Uint8Array[], length?: number): Uint8Array {
  let total = length ?? 0
  if (length === undefined) for (const part of parts) total += part.length
  const out = new Uint8Array(total)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** Whether two arrays hold the same bytes. Not constant in time: never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * A new array that owns exactly the bytes of `bytes`: data that is kept long must not keep a whole slab or
 * read buffer alive.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
