import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { TsDemuxer, TsMuxer } from 'millrace/mpegts'
import type { BenchCase } from '../bench-case.ts'
import { clipTags } from '../input.ts'
import {
  EncodedPacket,
  EncodedVideoPacketSource,
  MEDIABUNNY,
  MpegTsOutputFormat,
  NullTarget,
  Output,
} from '../rivals/mediabunny.ts'

const COUNT = 250

/** An H.264 tag body of one NAL unit: frame and packet type, composition time, length, NAL header, payload without zeros. */
function pictureBody(length: number, keyframe: boolean): Uint8Array {
  const body = new Uint8Array(length)
  for (let i = 0; i < length; i++) body[i] = ((i * 7) % 251) + 1
  const size = length - 9
  body.set([
    keyframe ? 0x17 : 0x27,
    1,
    0,
    0,
    0,
    size >> 24,
    (size >> 16) & 0xff,
    (size >> 8) & 0xff,
    size & 0xff,
  ])
  body[9] = keyframe ? 0x65 : 0x41
  return body
}

/** Pictures of the size that live streams of 1 to 5 Mbit/s have; the bytes are of the payloads that go in. */
function mux(length: number): BenchCase {
  const tag = clipTags('video-only-avc.flv').find(({ type, body }) => type === 9 && body[1] === 0)!
  const configuration = packetFromTag(9, 0, tag.body)
  const packets: MediaPacket[] = Array.from({ length: COUNT }, (_, i) =>
    packetFromTag(9, i * 40, pictureBody(length, i % 50 === 0)),
  )
  const bytes = packets.reduce((sum, packet) => sum + packet.payload.length, 0)

  const ours = (): number => {
    const muxer = new TsMuxer()
    let done = 0
    muxer.write(configuration)
    for (const packet of packets) if (muxer.write(packet).length > 0) done += packet.payload.length
    return done
  }

  const encoded = packets.map(
    (packet) => new EncodedPacket(packet.payload, packet.keyframe ? 'key' : 'delta', packet.pts / 1000, 0.04),
  )
  const decoderConfig = {
    codec: 'avc1.64000d',
    codedWidth: 320,
    codedHeight: 180,
    description: configuration.payload,
  }
  const theirs = async (): Promise<number> => {
    const output = new Output({ format: new MpegTsOutputFormat(), target: new NullTarget() })
    const video = new EncodedVideoPacketSource('avc')
    output.addVideoTrack(video)
    await output.start()
    let done = 0
    for (const packet of encoded) {
      await video.add(packet, { decoderConfig })
      done += packet.byteLength
    }
    await output.finalize()
    return done
  }

  return {
    name: `ts mux: pictures of ${length / 1000} kB`,
    unit: 'MB',
    unitsPerCall: bytes / 1e6,
    expected: bytes,
    contestants: { millrace: ours, [MEDIABUNNY]: theirs },
  }
}

/** A transport stream of FFmpeg, 200 times over, in reads of 64 kB. No rival takes a stream in pieces. */
function demux(): BenchCase {
  const path = resolve(import.meta.dirname, '../../../test/mpegts/fixtures/avc-bframes-aac.ts.bin')
  const once = readFileSync(path)
  const bytes = Buffer.concat(Array.from({ length: 200 }, () => once))
  const ours = (): number => {
    const demuxer = new TsDemuxer()
    let units = 0
    for (let at = 0; at < bytes.length; at += 65_536) {
      demuxer.push(bytes.subarray(at, at + 65_536))
      while (demuxer.read() !== undefined) units++
    }
    return units
  }
  return {
    name: 'ts demux: H.264 and AAC',
    unit: 'MB',
    unitsPerCall: bytes.length / 1e6,
    expected: ours(),
    contestants: { millrace: ours },
  }
}

export default [mux(4000), mux(12_000), mux(20_000), demux()]
