/** A clip as MP4, in both forms, by the package under test. */
import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { FragmentedMp4Muxer, type FragmentedMp4Options, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import { type Clip, readClip } from './clips.ts'

/** A fragment for each GOP, or for each second without video. */
export function fragmentedMp4(packets: readonly MediaPacket[], options?: FragmentedMp4Options): Uint8Array {
  const muxer = new FragmentedMp4Muxer(options)
  const fragments: Uint8Array[] = []
  const video = packets.some(({ kind }) => kind === 'video')
  for (const packet of packets) {
    const result = muxer.write(packet)
    if (result !== 'written' && result !== 'ignored') throw new Error(result)
    if (!packet.keyframe && (video || muxer.pendingMs < 1000)) continue
    const fragment = muxer.fragment()
    if (fragment !== undefined) fragments.push(fragment.bytes)
  }
  const last = muxer.end()
  if (last !== undefined) fragments.push(last.bytes)
  return Buffer.concat([muxer.init(), ...fragments])
}

/** The file with its index in front; empty when `fragmented` has no whole sample. */
export function finishedMp4(fragmented: Uint8Array): Uint8Array {
  const reader = new Mp4IndexReader({ fileBytes: fragmented.length })
  for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
    reader.push(fragmented.subarray(next.offset, next.offset + next.length))
  const plan = planMp4(reader.index)
  if (plan === undefined) return new Uint8Array(0)
  const parts = [...plan.header()]
  for (const { offset, length } of plan.ranges()) parts.push(fragmented.subarray(offset, offset + length))
  return Buffer.concat(parts)
}

/** A clip as a fragmented file. */
export function clipMp4(clip: Clip, options?: FragmentedMp4Options): Uint8Array {
  return fragmentedMp4(demuxFlv(readClip(clip)), options)
}
