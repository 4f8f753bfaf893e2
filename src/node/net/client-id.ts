/**
 * Names for peers.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'

/** 9 random bytes: nobody guesses one, and no two meet. */
const ID_BYTES = 9

/** A name for a peer that nobody else has: 12 characters of the URL-safe base64 alphabet. */
export function newClientId(): string {
  return randomBytes(ID_BYTES).toString('base64url')
}
