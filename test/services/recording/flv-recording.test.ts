import { createHash } from 'node:crypto'
import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { describe, expect, it, test } from 'vitest'
import { audio, audioConfig, inter, key, metadata, mp3, text, videoConfig } from '../../hub/fakes.ts'
import { CLIPS, readClip } from '../../support/clips.ts'
import { metadataOf, settle, Stage, tagsOf } from './stage.ts'

/** Records packets, at their times, as one file. */
async function record(packets: readonly MediaPacket[]): Promise<{ stage: Stage; bytes: Uint8Array }> {
  const stage = new Stage({ path: '[stream].flv' })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, packets)
  publisher.unpublish()
  await settle()
  return { stage, bytes: stage.bytes('show.flv') }
}

/** Media as it was published, from the first frame of the file on. */
function mediaOf(packets: readonly MediaPacket[]): string[] {
  const media = packets.filter(({ coded }) => coded)
  const start = Math.min(...media.map(({ dts }) => dts))
  return media.map(
    ({ kind, dts, body }) => `${kind} ${dts - start} ${createHash('sha1').update(body).digest('base64')}`,
  )
}

test.each(CLIPS)('%s comes back as it was published', async (clip) => {
  const packets = demuxFlv(readClip(clip))
  const { stage, bytes } = await record(packets)
  const recorded = demuxFlv(bytes)
  expect(mediaOf(recorded)).toEqual(mediaOf(packets))
  const configurations = recorded.filter(({ kind, configuration }) => kind !== 'data' && configuration)
  expect(configurations.every(({ dts }) => dts === 0)).toBe(true)
  expect(recorded.slice(1, 1 + configurations.length)).toEqual(configurations)
  const { durationMs, byteLength } = stage.finished[0]!
  expect(byteLength).toBe(bytes.length)
  expect(metadataOf(bytes)).toMatchObject({
    duration: durationMs / 1000,
    filesize: bytes.length,
    lasttimestamp: Math.max(...recorded.map(({ dts }) => dts)) / 1000,
    hasVideo: clip !== 'audio-only-aac.flv',
    hasAudio: clip !== 'video-only-avc.flv',
    streamPath: '/live/show',
  })
})

describe('the keyframe index', () => {
  it('has time and place of the configuration and of each keyframe', async () => {
    const packets = demuxFlv(readClip('avc-aac-bframes.flv'))
    const { bytes } = await record(packets)
    const { times, filepositions } = metadataOf(bytes)['keyframes'] as Record<string, number[]>
    expect(times).toEqual([0, 0, 2, 4, 6])
    for (const [i, position] of filepositions!.entries()) {
      const tag = Buffer.from(bytes.subarray(position, position + 13))
      expect(tag[0]).toBe(9) // TagType: video
      expect(tag.readUIntBE(4, 3)).toBe(times![i]! * 1000) // Timestamp
      expect(tag[11]).toBe(0x17) // FrameType key, CodecID AVC
      expect(tag[12]).toBe(i === 0 ? 0 : 1) // AVCPacketType: sequence header, NAL units
    }
    expect(metadataOf(bytes)['lastkeyframetimestamp']).toBe(6)
  })

  it('is left out where there is no video, and gets coarser where there are too many keyframes', async () => {
    const none = await record(demuxFlv(readClip('audio-only-aac.flv')))
    expect(metadataOf(none.bytes)).not.toHaveProperty('keyframes')
    const many = [videoConfig(0), ...Array.from({ length: 3000 }, (_, i) => key(i * 40, i))]
    const { bytes } = await record(many)
    const { times } = metadataOf(bytes)['keyframes'] as { times: number[] }
    expect(times.length).toBeGreaterThan(700)
    expect(times.length).toBeLessThanOrEqual(1024)
    expect(times.slice(0, 4)).toEqual([0, 0, 0.16, 0.32])
    expect(metadataOf(bytes)['lastkeyframetimestamp']).toBe(119.96)
  })
})

describe('metadata of the publisher', () => {
  /** onMetaData of an ECMA array with these properties, each name and value by hand. */
  function published(...properties: (readonly [name: string, value: readonly number[]])[]): MediaPacket {
    const name = (text: string): number[] => [0, text.length, ...Buffer.from(text)]
    const body = [2, ...name('onMetaData'), 8, 0, 0, 0, properties.length]
    for (const [property, value] of properties) body.push(...name(property), ...value)
    return packetFromTag(18, 0, Uint8Array.from([...body, 0, 0, 9]))
  }
  const frames = [videoConfig(0), key(0), inter(400)]

  it('is kept, but for what is measured', async () => {
    const width = [0, 0x40, 0x94, 0, 0, 0, 0, 0, 0] // AMF0 number 1280
    const { bytes } = await record([published(['width', width], ['duration', width], ['encoder', [2, 0, 3, 0x4f, 0x42, 0x53]]), ...frames]) // prettier-ignore
    expect(metadataOf(bytes)).toMatchObject({ width: 1280, encoder: 'OBS', duration: 0.8 })
  })

  it('may be anything', async () => {
    // An AMF0 reference to nothing; an AVM+ byte array; no value at all.
    for (const value of [[7, 0, 9], [0x11, 0x0c, 0x03, 0x01], []]) {
      const { bytes } = await record([published(['odd', value]), ...frames])
      expect(metadataOf(bytes)).toMatchObject({ duration: 0.8, filesize: bytes.length })
    }
  })

  it('that changes is a tag at its place', async () => {
    const { bytes } = await record([metadata(0, 1), ...frames, metadata(500, 2), text(600, 3), inter(800)])
    expect(tagsOf(bytes)).toEqual(['V!0@0', 'V0@0', 'v0@400', 'M!2@0', 'd3@600', 'v0@800'])
  })
})

describe('times', () => {
  it('audio that belongs before the first picture is at 0, and the picture behind it', async () => {
    const stage = new Stage({ path: '[stream].flv', start: 'on-demand' })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [videoConfig(0), audioConfig(0), key(0, 0), audio(940, 1), key(1000, 2)])
    stage.recorder.start(publisher.source)
    await stage.play(publisher, [audio(960, 3), inter(1040, 4), audio(981, 5), inter(1400, 6)])
    await stage.recorder.close()
    expect(tagsOf(stage.bytes('show.flv'))).toEqual(['A!0@0', 'V!0@0', 'V2@40', 'a3@0', 'v4@80', 'a5@21', 'v6@440']) // prettier-ignore
  })

  it('audio before the first keyframe is recorded', async () => {
    const { bytes } = await record([audioConfig(0), audio(0, 1), audio(23, 2), videoConfig(25), key(25, 3), audio(46, 4)]) // prettier-ignore
    expect(tagsOf(bytes)).toEqual(['A!0@0', 'a1@0', 'a2@23', 'V!0@0', 'V3@25', 'a4@46'])
  })

  it('a recording of less than that is a file too', async () => {
    const { bytes } = await record([videoConfig(0), key(1000, 1)])
    expect(tagsOf(bytes)).toEqual(['V!0@0', 'V1@0'])
  })

  it('audio alone begins with its first frame, without configuration for codecs that have none', async () => {
    const { bytes } = await record([mp3(70, 1), mp3(96, 2), mp3(122, 3)])
    expect(tagsOf(bytes)).toEqual(['a1@0', 'a2@26', 'a3@52'])
    expect(Array.from(bytes.subarray(4, 5))).toEqual([0x04]) // TypeFlagsAudio alone
  })
})

it('a configuration that changes is a tag at its place', async () => {
  const { bytes } = await record([
    videoConfig(0, 1),
    key(0, 1),
    inter(400, 2),
    videoConfig(800, 2),
    key(800, 3),
  ])
  expect(tagsOf(bytes)).toEqual(['V!1@0', 'V1@0', 'v2@400', 'V!2@400', 'V3@800'])
})

it('an unfinished file is one that plays', async () => {
  const stage = new Stage({ path: '[stream].flv' })
  const publisher = stage.hub.publish('/live/show')
  const packets = demuxFlv(readClip('avc-aac-bframes.flv'))
  await stage.play(publisher, packets)
  await stage.advance(500)
  expect(stage.keys).toEqual([])
  const bytes = stage.bytes('show.flv')
  expect(mediaOf(demuxFlv(bytes))).toEqual(mediaOf(packets))
  expect(metadataOf(bytes)).toMatchObject({ duration: 0, filesize: 0, hasAudio: true, hasVideo: true })
})

it('media reaches the store in a write each interval', async () => {
  const stage = new Stage({ path: '[stream].flv', writeIntervalMs: 1_000 })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, demuxFlv(readClip('avc-aac-bframes.flv')))
  // 8 s of 576 packets; the header is a write of its own.
  expect(stage.store.appends).toBeLessThanOrEqual(10)
  await stage.recorder.close()
})
