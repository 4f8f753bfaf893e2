import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { Hub, type Publisher, VirtualClock } from 'millrace/hub'
import { packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { MediaFeed } from '../../../src/services/ffmpeg/media-feed.ts'
import { audio, audioConfig, key, videoConfig } from '../../hub/fakes.ts'
import {
  aacConfiguration,
  aacFrame,
  avcConfiguration,
  avcFrame,
  hevcConfiguration,
  hevcFrame,
} from '../../mpegts/packets.ts'
import { ascii, hex, join } from '../../support/bytes.ts'

function published(): Publisher {
  return new Hub({}, new VirtualClock()).publish('/live/show')
}

const { signal } = new AbortController()

describe('what ffmpeg is fed', () => {
  it('goes on when the times of sound stand still: fragments are cut by their samples too', async () => {
    const publisher = published()
    for (const packet of [hevcConfiguration(), aacConfiguration(), hevcFrame(0, { keyframe: true })])
      publisher.write(packet)
    publisher.write(aacFrame(0, 1))
    const feed = (await MediaFeed.open(publisher.source, signal))!
    expect(feed.format).toBe('mp4')
    const stdin = new PassThrough().resume()
    const written = feed.writeTo(stdin)
    for (let i = 0; i < 70_000; i++) {
      publisher.write(aacFrame(0, 1))
      if (i % 2_000 === 0) await new Promise(setImmediate)
    }
    publisher.unpublish()
    feed.finish()
    await written
    expect(feed.stats.readPackets).toBeGreaterThan(70_000)
  })

  it('ends where pictures of another size begin; a configuration that is repeated goes on', async () => {
    const publisher = published()
    for (const packet of [
      avcConfiguration(),
      aacConfiguration(),
      avcFrame(0, { keyframe: true }),
      aacFrame(0),
    ])
      publisher.write(packet)
    const feed = (await MediaFeed.open(publisher.source, signal))!
    const written = feed.writeTo(new PassThrough().resume())
    publisher.write(avcConfiguration())
    publisher.write(avcFrame(40))
    await new Promise(setImmediate)
    expect(publisher.source.stats().consumers).toBe(1)
    // 64x64 where it was 16x16.
    const sps = hex('67 64 00 0a ac 72 84 44 26 84 00 00 03 00 04 00 00 03 00 ca 3c 48 96 11 80')
    publisher.write(avcConfiguration(4, sps))
    await written
    expect(publisher.source.stats().consumers).toBe(0)
  })

  it('ends in order when a format cannot go on, and who runs it is told', async () => {
    const publisher = published()
    for (const packet of [videoConfig(0), audioConfig(0), key(0), audio(0)]) publisher.write(packet)
    const feed = (await MediaFeed.open(publisher.source, signal))!
    const stdin = new PassThrough().resume()
    const broken = Object.assign(stdin, {
      write() {
        throw new Error('no more')
      },
    })
    await expect(feed.writeTo(broken)).rejects.toThrow('no more')
    await once(stdin, 'end')
    expect(publisher.source.stats().consumers).toBe(0)
  })

  it('holds a bounded number of sequence headers of a publisher that sends nothing else', async () => {
    const publisher = published()
    publisher.write(audioConfig(0))
    for (const dts of [0, 1_000, 2_000, 3_000, 4_000, 5_000]) publisher.write(audio(dts))
    const feed = MediaFeed.open(publisher.source, signal)
    for (let i = 1; i <= 1_000; i++) {
      publisher.write(audioConfig(5_010, i))
      if (i % 100 === 0) await new Promise(setImmediate)
    }
    for (const dts of [5_100, 5_700]) publisher.write(audio(dts))
    const opened = (await feed)!
    expect(opened.heldCount).toBe(512)
    expect(opened.startDts).toBe(5_100)
    opened.close()
  })

  it('leaves the stream when no container can carry it', async () => {
    const publisher = published()
    const feed = MediaFeed.open(publisher.source, signal)
    // Enhanced RTMP, CodedFrames of a codec without a name
    for (const dts of [0, 600, 1_200])
      publisher.write(packetFromTag(8, dts, join(Uint8Array.of(0x91), ascii('what'), Uint8Array.of(1, 2, 3))))
    await expect(feed).rejects.toThrow('ffmpeg cannot be given what')
    expect(publisher.source.stats().consumers).toBe(0)
  })
})
