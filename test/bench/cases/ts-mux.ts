import { packetFromTag } from 'millrace/media'
import { TsMuxer } from 'millrace/mpegts'
import type { BenchCase } from '../bench-case.ts'
import { clipTags } from '../input.ts'
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MEDIABUNNY,
  MpegTsOutputFormat,
  NullTarget,
  Output,
} from '../rivals/mediabunny.ts'

/** How often the clip is muxed in one call, so that what a muxer does once weighs little. */
const LOOPS = 8

/** The clip's H.264 and AAC as a transport stream; the bytes are of the payloads that go in. */
function mux(): BenchCase {
  const packets = clipTags('avc-aac-bframes.flv').map(({ type, dts, body }) => packetFromTag(type, dts, body))
  const media = packets.filter(
    (packet) => packet.kind !== 'data' && !packet.configuration && !packet.endOfSequence,
  )
  const configurations = packets.filter((packet) => packet.kind !== 'data' && packet.configuration)
  const clipMs = media.at(-1)!.dts + 40
  const loops = Array.from({ length: LOOPS }, (_, loop) =>
    media.map((packet) => packet.withDts(packet.dts + loop * clipMs)),
  ).flat()
  const bytes = loops.reduce((sum, packet) => sum + packet.payload.length, 0)

  const ours = (): number => {
    const muxer = new TsMuxer()
    let done = 0
    for (const packet of configurations) muxer.write(packet)
    for (const packet of loops) if (muxer.write(packet).length > 0) done += packet.payload.length
    return done
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
    const output = new Output({ format: new MpegTsOutputFormat(), target: new NullTarget() })
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
    name: 'ts mux: H.264 and AAC',
    unit: 'MB',
    unitsPerCall: bytes / 1e6,
    expected: bytes,
    contestants: { millrace: ours, [MEDIABUNNY]: theirs },
  }
}

export default [mux()]
