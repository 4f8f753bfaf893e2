/**
 * Viewers that no longer take anything: a pulled cable, a suspended phone.
 *
 * @module
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a viewer's socket may neither take nor give a byte, ms. Longer than any stream pauses without ending. */
export const STALL_TIMEOUT_MS = 60_000

/** Destroys `socket` when nothing has moved on it for {@link STALL_TIMEOUT_MS}. Streams that are no sockets are left alone. */
export function destroyWhenStalled(socket: Duplex): void {
  if (!(socket instanceof Socket)) return
  socket.setTimeout(STALL_TIMEOUT_MS, () => socket.destroy())
  socket.setNoDelay(true)
}
