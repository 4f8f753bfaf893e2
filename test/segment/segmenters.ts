/** Segmenters with the options of rule and writer side by side. */
import {
  KeyframeCut,
  type KeyframeCutOptions,
  Segmenter,
  type SegmenterOptions,
  TsSegmentWriter,
  type TsSegmentWriterOptions,
} from 'millrace/segment'

export type FlatOptions = KeyframeCutOptions &
  Omit<SegmenterOptions, 'cut' | 'writer'> &
  TsSegmentWriterOptions

/** Cuts a stream by itself into MPEG-TS. */
export function keyframeSegmenter(options: FlatOptions = {}): Segmenter {
  return new Segmenter({ ...options, cut: new KeyframeCut(options), writer: new TsSegmentWriter(options) })
}
