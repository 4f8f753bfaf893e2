/**
 * Choosing the tracks of a view.
 *
 * @module
 */
import type { ConfigurationSet, TrackFilter } from './framing.ts'
import type { MediaPacket } from './media-packet.ts'

/**
 * The packet as a view with `filter` shows it: itself, its default track, or `undefined` when the view has no
 * part of it. Data packets pass every filter.
 */
export function filterPacket(packet: MediaPacket, filter: TrackFilter): MediaPacket | undefined {
  if (filter === 'all' || packet.kind === 'data') return packet
  if (filter !== 'default' && filter !== packet.kind) return undefined
  return packet.defaultTrack()
}

/** The configuration as a view with `filter` needs it; the same object for `all`. */
export function filterConfiguration(configuration: ConfigurationSet, filter: TrackFilter): ConfigurationSet {
  if (filter === 'all') return configuration
  return {
    metadata: configuration.metadata,
    audio: filterAll(configuration.audio, filter),
    video: filterAll(configuration.video, filter),
    supplements: filterAll(configuration.supplements ?? [], filter),
  }
}

function filterAll(packets: readonly MediaPacket[], filter: TrackFilter): MediaPacket[] {
  const kept: MediaPacket[] = []
  for (const packet of packets) {
    const filtered = filterPacket(packet, filter)
    if (filtered !== undefined) kept.push(filtered)
  }
  return kept
}
