/**
 * Packets become segments: a {@link Segmenter} cuts a stream by a {@link CutRule} and writes it by a {@link SegmentWriter}.
 *
 * {@link KeyframeCut} cuts a stream at its own keyframes; {@link TimelineCut}s cut variants of one stream alike, by a common
 * {@link Timeline}. {@link TsSegmentWriter} writes MPEG-TS.
 *
 * @module segment
 * @group Formats
 */
export type { CutRule, Frame, Placement } from './cut-rule.ts'
export { KeyframeCut, type KeyframeCutOptions } from './keyframe-cut.ts'
export type { OpenSegment } from './open-segment.ts'
export type { Segment } from './segment.ts'
export type { SegmentWriter, WrittenSegment } from './segment-writer.ts'
export { Segmenter, type SegmenterOptions } from './segmenter.ts'
export type { TargetDurationOptions } from './target-duration.ts'
export { type Cut, Timeline, type TimelineOptions } from './timeline.ts'
export { TimelineCut } from './timeline-cut.ts'
export { type TsSegmentOptions, TsSegmentWriter, type TsSegmentWriterOptions } from './ts-segment-writer.ts'
