/**
 * MP4: a stream as a fragmented file that plays wherever it ends, and the file with its index in front that
 * is made of it.
 *
 * {@link FragmentedMp4Muxer} makes an initialization segment and fragments of the packets of a stream.
 * {@link Mp4IndexReader} finds the samples of such a file, also of one that a crash cut off, and
 * {@link planMp4} says what to write in front of them so that players start at once and seek. Neither touches
 * a file: bytes come in and go out by method calls.
 *
 * @example Record packets, a fragment for each GOP
 * ```ts
 * import type { MediaPacket } from 'millrace/media'
 * import { FragmentedMp4Muxer } from 'millrace/mp4'
 *
 * export function* record(packets: Iterable<MediaPacket>): Generator<Uint8Array> {
 *   const muxer = new FragmentedMp4Muxer()
 *   let started = false
 *   for (const packet of packets) {
 *     const result = muxer.write(packet)
 *     if (result !== 'written' && result !== 'ignored') break // the rest belongs into another file
 *     if (!packet.keyframe && muxer.pendingMs < 10_000) continue
 *     const fragment = muxer.fragment()
 *     if (fragment === undefined) continue
 *     if (!started) yield muxer.init()
 *     started = true
 *     yield fragment.bytes
 *   }
 *   const last = muxer.end()
 *   if (last === undefined) return
 *   if (!started) yield muxer.init()
 *   yield last.bytes
 * }
 * ```
 *
 * @example Put the index in front
 * ```ts
 * import { Mp4IndexReader, planMp4 } from 'millrace/mp4'
 *
 * export function* finish(file: Uint8Array): Generator<Uint8Array> {
 *   const reader = new Mp4IndexReader({ fileBytes: file.length })
 *   for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
 *     reader.push(file.subarray(next.offset, next.offset + next.length))
 *   const plan = planMp4(reader.index)
 *   if (plan === undefined) return
 *   yield* plan.header()
 *   for (const { offset, length } of plan.ranges()) yield file.subarray(offset, offset + length)
 * }
 * ```
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
export { type Mp4ByteRange, type Mp4EndReason, Mp4Index, Mp4IndexTrack, type Mp4Sample } from './mp4-index.ts'
export { Mp4IndexReader, type Mp4IndexReaderOptions } from './mp4-index-reader.ts'
export { Mp4Plan, planMp4, type Mp4PlanOptions } from './mp4-plan.ts'
