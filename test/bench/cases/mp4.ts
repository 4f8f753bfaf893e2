import { type MediaPacket, packetFromTag } from 'millrace/media'
import { FragmentedMp4Muxer, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import type { BenchCase } from '../bench-case.ts'
import { clipTags } from '../input.ts'
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MEDIABUNNY,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from '../rivals/mediabunny.ts'

/** How often the clip is muxed in one call, so that what a muxer does once weighs little. */
const LOOPS = 8

const packets = clipTags('avc-aac-bframes.flv').map(({ type, dts, body }) => packetFromTag(type, dts, body))
const configurations = packets.filter(({ kind, configuration }) => kind !== 'data' && configuration)
const media = packets.filter(({ kind, coded }) => kind !== 'data' && coded)
const clipMs = media.at(-1)!.dts + 40
const loops = Array.from({ length: LOOPS }, (_, loop) =>
  media.map((packet) => packet.withDts(packet.dts + loop * clipMs)),
).flat()

function fragments(source: readonly MediaPacket[]): Uint8Array[] {
  const muxer = new FragmentedMp4Muxer()
  const parts: Uint8Array[] = []
  for (const packet of configurations) muxer.write(packet)
  for (const packet of source) {
    muxer.write(packet)
    if (!packet.keyframe) continue
    const fragment = muxer.fragment()
    if (fragment !== undefined) parts.push(fragment.bytes)
  }
  const last = muxer.end()
  if (last !== undefined) parts.push(last.bytes)
  return [muxer.init(), ...parts]
}

/** H.264 and AAC in a fragment for each GOP; the bytes are of the payloads that go in. */
function mux(): BenchCase {
  const bytes = loops.reduce((sum, packet) => sum + packet.payload.length, 0)
  const ours = (): number => {
    const [, ...written] = fragments(loops)
    return written.length > 0 ? bytes : 0
  }

  const encoded = loops.map((packet) => ({
    video: packet.kind === 'video',
    packet: new EncodedPacket(
      packet.payload,
      packet.keyframe || packet.kind === 'audio' ? 'key' : 'delta',
      packet.pts / 1000,
      0.02,
    ),
  }))
  const description = (kind: string): Uint8Array =>
    configurations.find((packet) => packet.kind === kind)!.payload
  const videoConfig = {
    codec: 'avc1.4d400d',
    codedWidth: 320,
    codedHeight: 180,
    description: description('video'),
  }
  const audioConfig = {
    codec: 'mp4a.40.2',
    sampleRate: 48_000,
    numberOfChannels: 2,
    description: description('audio'),
  }
  const theirs = async (): Promise<number> => {
    const format = new Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: 1 })
    const output = new Output({ format, target: new NullTarget() })
    const video = new EncodedVideoPacketSource('avc')
    const audio = new EncodedAudioPacketSource('aac')
    output.addVideoTrack(video)
    output.addAudioTrack(audio)
    await output.start()
    let done = 0
    for (const { video: isVideo, packet } of encoded) {
      if (isVideo) await video.add(packet, { decoderConfig: videoConfig })
      else await audio.add(packet, { decoderConfig: audioConfig })
      done += packet.byteLength
    }
    await output.finalize()
    return done
  }

  return {
    name: 'mp4 fragments: H.264 and AAC',
    unit: 'MB',
    unitsPerCall: bytes / 1e6,
    expected: bytes,
    contestants: { millrace: ours, [MEDIABUNNY]: theirs },
  }
}

/** Reading the index of a fragmented file and writing the header of the finished one. */
function finish(): BenchCase {
  const file = Buffer.concat(fragments(loops))
  const ours = (): number => {
    const reader = new Mp4IndexReader({ fileBytes: file.length })
    for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
      reader.push(file.subarray(next.offset, next.offset + next.length))
    const plan = planMp4(reader.index)!
    let bytes = 0
    for (const piece of plan.header()) bytes += piece.length
    return bytes === plan.headerBytes ? loops.length : 0
  }
  return {
    name: 'mp4 index in front: H.264 and AAC',
    unit: 'sample',
    unitsPerCall: loops.length,
    expected: loops.length,
    contestants: { millrace: ours },
  }
}

export default [mux(), finish()]
