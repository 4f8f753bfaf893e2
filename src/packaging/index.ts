/**
 * Streams as segments over HTTP: {@link HlsHandler} serves HLS to any number of viewers; {@link HlsPackager} packages one stream without
 * HTTP. A {@link SegmentStore} keeps the segments, in memory or on disk.
 *
 * @module packaging
 * @group Node
 */
export { HlsHandler, type HlsHandlerEvents, type HlsHandlerOptions } from './hls-handler.ts'
export {
  type CarriedKinds,
  type HlsBandwidth,
  HlsPackager,
  type HlsPackagerEvents,
  type HlsPackagerOptions,
  type HlsSegmenterOptions,
  type HlsVariantPlace,
  type PackagedSegment,
} from './hls-packager.ts'
export type { HlsSession } from './hls-sessions.ts'
export type { HlsVariantRule, HlsVariants } from './hls-variant-names.ts'
export { DirectorySegmentStore, MemorySegmentStore, type SegmentStore } from './segment-store.ts'
