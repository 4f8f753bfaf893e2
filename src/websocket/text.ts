/**
 * UTF-8 that must be valid. RFC 6455 §8.1.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'

// TextDecoder is a global of every runtime this package supports, but belongs to no ECMAScript lib.
declare const TextDecoder: new (
  label: 'utf-8',
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string }

// ignoreBOM keeps a byte order mark as the character that it is.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a message. @throws DecodeError `ERR_WEBSOCKET_TEXT` if `bytes` are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new DecodeError('ERR_WEBSOCKET_TEXT', 'WebSocket text is not UTF-8', { cause })
  }
}
