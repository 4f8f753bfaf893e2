/**
 * The streams of a hub, for a service that does something for each of them.
 *
 * @module
 */
import type { Hub } from './hub.ts'
import type { Publisher, PublisherEnd } from './publisher.ts'
import type { Source } from './source.ts'

/** What {@link followHub} calls. An exception in one of them becomes a `listenerError` event of the hub. */
export interface HubFollower {
  /** Follow the sources that are within their grace time too, by their last publisher. @defaultValue false */
  readonly withinGrace?: boolean | undefined
  /**
   * A stream is published.
   * @param isNew - `false` if it was published before {@link followHub} was called.
   */
  publish(source: Source, publisher: Publisher, isNew: boolean): void
  /** As the event of {@link HubEvents}. */
  unpublish?(source: Source, reason: PublisherEnd, publisher: Publisher): void
  /** As the event of {@link HubEvents}. */
  close?(source: Source): void
}

/**
 * Follows the streams of a hub: first those that are published already, then each one that comes.
 *
 * @example Count the streams
 * ```ts
 * import { followHub, Hub } from 'millrace/hub'
 *
 * let streams = 0
 * const unfollow = followHub(new Hub(), { publish: () => streams++, unpublish: () => streams-- })
 * ```
 *
 * @returns a function that ends it; harmless when repeated.
 */
export function followHub(hub: Hub, follower: HubFollower): () => void {
  const onPublish = (source: Source, publisher: Publisher): void => follower.publish(source, publisher, true)
  const onUnpublish = (source: Source, reason: PublisherEnd, publisher: Publisher): void =>
    follower.unpublish?.(source, reason, publisher)
  const onClose = (source: Source): void => follower.close?.(source)
  // A copy: what is published meanwhile is an event.
  const present = Array.from(hub.sources, (source) => ({ source, publisher: source.lastPublisher }))
  hub.on('publish', onPublish)
  hub.on('unpublish', onUnpublish)
  hub.on('close', onClose)
  for (const { source, publisher } of present) {
    if (publisher === undefined || source.closed || source.lastPublisher !== publisher) continue
    if (publisher.ended !== undefined && follower.withinGrace !== true) continue
    hub.attempt('publish', () => follower.publish(source, publisher, false))
  }
  return () => {
    hub.off('publish', onPublish)
    hub.off('unpublish', onUnpublish)
    hub.off('close', onClose)
  }
}
