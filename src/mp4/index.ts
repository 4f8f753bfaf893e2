/**
 * MP4 files.
 *
 * @module mp4
 * @group Formats
 */
export {
  FragmentedMp4Muxer,
  type FragmentedMp4Options,
  type Mp4Fragment,
  type Mp4Track,
  type Mp4WriteResult,
} from './fragmented-mp4-muxer.ts'
