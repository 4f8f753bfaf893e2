/**
 * Packets become segments: {@link HlsSegmenter} cuts one stream at its keyframes; {@link HlsVariantSegmenter}s cut variants of one stream
 * alike by a common {@link HlsTimeline}.
 *
 * @module segment
 * @group Formats
 */
export type { HlsSegment } from './hls-segment.ts'
export { HlsSegmenter, type HlsSegmenterOptions } from './hls-segmenter.ts'
export { type HlsCut, HlsTimeline, type HlsTimelineOptions } from './hls-timeline.ts'
export {
  type HlsVariantSegment,
  HlsVariantSegmenter,
  type HlsVariantSegmenterOptions,
} from './hls-variant-segmenter.ts'
export type { TsSegmentOptions } from './ts-segment-writer.ts'
