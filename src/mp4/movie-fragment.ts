/**
 * Movie fragments: `moof` and the `mdat` that it describes. ISO/IEC 14496-12 §8.8.4 to §8.8.8, §8.8.12.
 *
 * Layout: moof: mfhd: sequence_number 32 | for each track traf: tfhd: track_ID 32, defaults | tfdt: time of
 * the first sample 64
 * | trun: sample_count 32, data_offset 32, then duration, size, flags, composition offset 32 each, as far as they differ
 *
 * @module
 */
import type { BoxWriter } from './box-writer.ts'
import {
  TFHD_DEFAULT_DURATION,
  TFHD_DEFAULT_FLAGS,
  TFHD_DEFAULT_BASE_IS_MOOF,
  TRUN_DATA_OFFSET,
  TRUN_FIRST_SAMPLE_FLAGS,
  TRUN_DURATION,
  TRUN_SIZE,
  TRUN_FLAGS,
  TRUN_COMPOSITION_OFFSET,
} from './movie-fragment-flags.ts'
import type { PendingSample } from './muxer-track.ts'

/** Samples of one track in a fragment. */
export interface FragmentTrack {
  /** track_ID. */
  readonly trackId: number
  /** Samples with their ticks, at least one. */
  readonly samples: readonly PendingSample[]
  /** Duration of each in ticks. */
  readonly durations: readonly number[]
  /** Composition offset of each in ticks. */
  readonly offsets: readonly number[]
}

/** Writes `moof` and the head of its `mdat`; the samples of the tracks follow, track after track. */
export function writeMovieFragment(
  writer: BoxWriter,
  sequenceNumber: number,
  tracks: readonly FragmentTrack[],
): void {
  const start = writer.length
  const offsets: { at: number; bytes: number }[] = []
  let mediaBytes = 0
  writer.open('moof')
  writer.openFull('mfhd', 0, 0)
  writer.u32(sequenceNumber)
  writer.close()
  for (const track of tracks) {
    offsets.push({ at: writeTrackFragment(writer, track), bytes: mediaBytes })
    for (const { payload } of track.samples) mediaBytes += payload.length
  }
  writer.close()
  writer.u32(8 + mediaBytes) // size of mdat
  writer.type('mdat')
  for (const { at, bytes } of offsets) writer.add32(at, writer.length - start + bytes) // counted from moof
}

/** @returns the offset of data_offset, which is 0. */
function writeTrackFragment(writer: BoxWriter, track: FragmentTrack): number {
  const { samples, durations, offsets } = track
  const flags = samples.map(sampleFlags)
  const rest = flags.at(-1)!
  const sameDuration = durations.every((duration) => duration === durations[0])
  const sameFlags = flags.every((flag, i) => i === 0 || flag === rest)
  const shifted = offsets.some((offset) => offset !== 0)
  writer.open('traf')
  writer.openFull(
    'tfhd',
    0,
    TFHD_DEFAULT_BASE_IS_MOOF |
      (sameDuration ? TFHD_DEFAULT_DURATION : 0) |
      (sameFlags ? TFHD_DEFAULT_FLAGS : 0),
  )
  writer.u32(track.trackId)
  if (sameDuration) writer.u32(durations[0]!) // default_sample_duration
  if (sameFlags) writer.u32(rest) // default_sample_flags
  writer.close()
  writer.openFull('tfdt', 1, 0)
  writer.u64(samples[0]!.ticks) // baseMediaDecodeTime
  writer.close()
  writer.openFull(
    'trun',
    1, // composition offsets are signed
    TRUN_DATA_OFFSET |
      (sameFlags && flags[0] !== rest ? TRUN_FIRST_SAMPLE_FLAGS : 0) |
      (sameDuration ? 0 : TRUN_DURATION) |
      TRUN_SIZE |
      (sameFlags ? 0 : TRUN_FLAGS) |
      (shifted ? TRUN_COMPOSITION_OFFSET : 0),
  )
  writer.u32(samples.length) // sample_count
  const dataOffsetAt = writer.length
  writer.u32(0) // data_offset
  if (sameFlags && flags[0] !== rest) writer.u32(flags[0]!) // first_sample_flags
  for (let i = 0; i < samples.length; i++) {
    if (!sameDuration) writer.u32(durations[i]!) // sample_duration
    writer.u32(samples[i]!.payload.length) // sample_size
    if (!sameFlags) writer.u32(flags[i]!) // sample_flags
    if (shifted) writer.u32(offsets[i]!) // sample_composition_time_offset
  }
  writer.close()
  writer.close()
  return dataOffsetAt
}

/**
 * Layout in bits: reserved 4 | is_leading 2 | sample_depends_on 2 | sample_is_depended_on 2 |
 * sample_has_redundancy 2 | padding 3
 * | sample_is_non_sync_sample 1 | sample_degradation_priority 16. ISO/IEC 14496-12 §8.8.3.1
 */
function sampleFlags({ keyframe, disposable }: PendingSample): number {
  if (keyframe) return 0x0200_0000 // depends on no other
  return disposable ? 0x0181_0000 : 0x0101_0000 // depends on others, is not depended on, no sync sample
}
