/**
 * The one check before a fixed field is read.
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'

/** @throws {@link DecodeError} `ERR_BYTES_END` when fewer than `count` bytes start at `offset`. */
export function needBytes(bytes: Uint8Array, offset: number, count: number, what: string): void {
  if (offset + count > bytes.length) {
    throw new DecodeError('ERR_BYTES_END', `${what}: ${count} bytes wanted, ${bytes.length - offset} left`)
  }
}
