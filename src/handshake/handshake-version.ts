/**
 * C0 and S0, one byte each: the version. RTMP 1.0 §5.2.2.
 *
 * @module
 */
import { DecodeError, ProtocolError } from '../errors/index.ts'

/** The version of plain RTMP. */
export const RTMP_VERSION = 3

/**
 * Lets pass what a server can answer with version 3: 3 itself, and by the specification every other value
 * below 32 that means nothing else. A text protocol (an HTTP request, say) begins at 32 and is rejected at
 * its first byte.
 */
export function checkClientVersion(version: number): void {
  refuseEncryption(version)
  if (version === TLS_HANDSHAKE) {
    throw new DecodeError(
      'ERR_HANDSHAKE_VERSION',
      'C0 is 0x16, the start of TLS: RTMPS on a plain RTMP port?',
    )
  }
  if (version >= FIRST_TEXT) {
    throw new DecodeError('ERR_HANDSHAKE_VERSION', `C0 is 0x${version.toString(16)}: not RTMP`)
  }
}

/** Lets version 3 pass: a server that speaks anything else does not speak to this client. */
export function checkServerVersion(version: number): void {
  refuseEncryption(version)
  if (version !== RTMP_VERSION) {
    throw new DecodeError('ERR_HANDSHAKE_VERSION', `S0 is 0x${version.toString(16)}, not 0x03`)
  }
}

const FIRST_TEXT = 32
// TLS record type "handshake", RFC 8446 §5.1
const TLS_HANDSHAKE = 0x16

function refuseEncryption(version: number): void {
  // 6 RTMPE, 8 RTMPE with XTEA, 9 RTMPE with Blowfish
  if (version === 6 || version === 8 || version === 9) {
    throw new ProtocolError(
      'ERR_HANDSHAKE_ENCRYPTED',
      `version 0x0${version} asks for RTMPE; use RTMPS for encryption`,
    )
  }
}
