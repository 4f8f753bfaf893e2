/**
 * What a source announces.
 *
 * @module
 */
import type { ConfigurationSet } from '../media/index.ts'
import type { AnnouncerEvents } from './announcer.ts'
import type { Player } from './player.ts'
import type { Publisher, PublisherEnd } from './publisher.ts'

/** Events of a {@link Source}. */
export interface SourceEvents extends AnnouncerEvents {
  /** A publisher has the stream: the first, one that came back, or one that took over. */
  publish: (publisher: Publisher) => void
  /** The publisher is gone; the source waits for the grace time. */
  unpublish: (reason: PublisherEnd, publisher: Publisher) => void
  /** The configuration of a track or the metadata changed. */
  configuration: (configuration: ConfigurationSet) => void
  /**
   * There is sound, but for 3 s no picture that a decoder could begin with, though there is video: readers begin with the sound, until a
   * keyframe comes. Once for each publish.
   */
  videoStalled: () => void
  /** The last player, consumer or viewer has left. Not when the source closes. */
  idle: () => void
  /** As {@link HubEvents.fanOutError}. */
  fanOutError: (error: unknown, player: Player | undefined) => void
  /** The source is over and removed from its hub. */
  close: () => void
}
