/**
 * What a reader that skipped must be told.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { type ConfigurationSet, configurationPackets, type MediaPacket } from '../media/index.ts'

/** The packets of `now` that say something else than the same place of `before`, in order. */
export function changedPackets(before: ConfigurationSet, now: ConfigurationSet): MediaPacket[] {
  if (before === now) return []
  const known = configurationPackets(before)
  return configurationPackets(now).filter(
    (packet) =>
      !known.some(
        (other) => other === packet || (other.kind === packet.kind && equalBytes(other.body, packet.body)),
      ),
  )
}
