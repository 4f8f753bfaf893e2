/**
 * The meeting place: {@link Hub}, its {@link Source}s, and those who read them.
 *
 * A publisher writes packets; network players get framed batches through a {@link Sink}; in-process consumers read packets
 * with `for await`. The {@link GopCache} is the log that all of them share.
 *
 * @example Publish packets and read them back
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { packetFromTag } from 'millrace/media'
 *
 * const hub = new Hub()
 * const publisher = hub.publish('/live/show')
 * const consumer = publisher.source.consume()
 * // A keyframe: FLV VideoTagHeader, composition time, then the payload.
 * publisher.write(packetFromTag(9, 0, Uint8Array.of(0x17, 0x01, 0, 0, 0, 0x65)))
 * for await (const packet of consumer) {
 *   console.log(packet.kind, packet.dts, packet.keyframe)
 *   break
 * }
 * ```
 *
 * @module hub
 * @group Hub
 */
export {
  accept,
  type AccessAccept,
  type AccessDecision,
  type AccessProtocol,
  type AccessRedirect,
  type AccessReject,
  type AccessRequest,
  type Authorize,
  redirect,
  reject,
  renameRequest,
  shownApp,
} from './access.ts'
export { Announcer, type AnnouncerEvents } from './announcer.ts'
export { type Batch, BatchLog, type ConfigurationChange, type FramingStats } from './batch-log.ts'
export {
  Door,
  type DoorPlayOptions,
  type DoorPublishOptions,
  type EnterOptions,
  type FindSource,
  type HubResolver,
  Playback,
  Publication,
  type Refusal,
  type RefusalCause,
} from './door.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { Consumer, type ConsumerOptions, type ConsumerStats } from './consumer.ts'
export { setDeadline } from './deadline.ts'
export type { FanOutOptions, FanOutStats } from './fan-out.ts'
export { followHub, type HubFollower } from './follow-hub.ts'
export { GopCache, type GopCacheOptions, type GopStart } from './gop-cache.ts'
export { Hub, type HubEvents, type HubStats } from './hub.ts'
export type { HubOptions } from './hub-options.ts'
export { Player } from './player.ts'
export type { PlayerOptions, PlayerState, PlayerStats, PlayerDefaults } from './player-options.ts'
export { Publisher, type PublisherEnd, type PublishOptions } from './publisher.ts'
export type { PlayerEnd, Sink } from './sink.ts'
export { Source } from './source.ts'
export type { SourceEvents } from './source-events.ts'
export { SourceClock, type SourceClockOptions } from './source-clock.ts'
export type { SourceStats } from './source-stats.ts'
export type { StreamTotals } from './totals.ts'
export {
  plainStreamPath,
  type SplitStreamPath,
  splitStreamPath,
  type StreamPath,
  streamPathFault,
} from './stream-path.ts'
export { VirtualClock } from './virtual-clock.ts'
