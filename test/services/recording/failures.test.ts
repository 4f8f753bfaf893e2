import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { DirectoryRecordingStore } from 'millrace/services/recording'
import { describe, expect, it, test, vi } from 'vitest'
import { audio, audioConfig, inter, key, nameOf, videoConfig } from '../../hub/fakes.ts'
import { readClip } from '../../support/clips.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { EPOCH, metadataOf, settle, Stage, tagsOf } from './stage.ts'

/** Video of 25 pictures a second, each of 4 kB; a keyframe every second. */
function video(fromMs: number, toMs: number): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let dts = fromMs; dts < toMs; dts += 40) {
    packets.push(dts % 1000 === 0 ? key(dts, dts, 4_000) : inter(dts, dts, 4_000))
  }
  return packets
}

describe('a disk that fills', () => {
  it('ends the recording with an error, keeps what was written, and the stream goes on without a gap', async () => {
    const stage = new Stage({ path: '[stream].flv' })
    stage.store.quota = 300_000
    const publisher = stage.hub.publish('/live/show')
    const player = publisher.source.consume({ start: 'packet' })
    const played: string[] = []
    for (const packet of [videoConfig(0), ...video(0, 10_000)]) {
      await stage.play(publisher, [packet])
      for (let next = player.read(); next !== undefined; next = player.read()) played.push(nameOf(next))
      await stage.advance(40)
    }
    expect(stage.failures).toMatchObject([
      { streamPath: '/live/show', key: 'show.flv', error: { code: 'ENOSPC' } },
    ])
    expect(stage.finished).toMatchObject([{ reason: 'failed', file: 'memory:show.flv' }])
    const bytes = stage.bytes('show.flv')
    expect(bytes.length).toBeLessThanOrEqual(300_000)
    expect(bytes.length).toBe(stage.finished[0]!.byteLength)
    const packets = demuxFlv(bytes)
    expect(packets.length).toBeGreaterThan(30)
    expect(metadataOf(bytes)).toMatchObject({ filesize: bytes.length, duration: (packets.length - 2) * 0.04 })
    expect(stage.recorder.recordings()).toEqual([])
    expect(stage.recorder.isRecording(publisher.source)).toBe(false)
    expect(played).toHaveLength(251)
    expect(player.stats().skips).toBe(0)
  })

  it('the next publisher is recorded again', async () => {
    const stage = new Stage({ path: '[stream].flv' })
    stage.store.quota = 0
    const first = stage.hub.publish('/live/show')
    await stage.play(first, [videoConfig(0), ...video(0, 2_000)])
    expect(stage.failures).toHaveLength(1)
    first.unpublish()
    stage.store.quota = Infinity
    const second = stage.hub.publish('/live/show')
    await stage.play(second, [videoConfig(0), ...video(0, 2_000)])
    second.unpublish()
    await settle()
    expect(stage.finished).toMatchObject([{ reason: 'ended', durationMs: 2_000 }])
  })

  it('one that was asked for is not tried again by itself, but may be asked for again', async () => {
    const stage = new Stage({ start: 'on-demand' })
    stage.store.quota = 0
    const publisher = stage.hub.publish('/live/show')
    stage.recorder.start(publisher.source)
    await stage.play(publisher, [videoConfig(0), ...video(0, 2_000)])
    expect(stage.failures).toHaveLength(1)
    expect(stage.recorder.isRecording(publisher.source)).toBe(false)
    stage.store.quota = Infinity
    stage.recorder.start(publisher.source)
    await stage.play(publisher, video(2_000, 4_000))
    expect(stage.recorder.recordings()).toHaveLength(1)
  })

  test.each(['flv', 'mp4'])(
    'segments of %s are recorded again from the next one on, once there is room',
    async (format) => {
      // Keyframes are 2 s apart.
      const clip = demuxFlv(readClip('avc-aac-bframes.flv'))
      const round = (n: number): MediaPacket[] => clip.map((packet) => packet.withDts(packet.dts + n * 8_040))
      const stage = new Stage({ path: `[stream].[timestamp].${format}`, segmentDurationMs: 2_000 })
      const publisher = stage.hub.publish('/live/show')
      await stage.play(publisher, round(0))
      stage.store.quota = stage.store.used
      await stage.play(publisher, round(1))
      const { length } = stage.failures
      expect(length).toBeGreaterThanOrEqual(3)
      for (const failure of stage.failures) {
        expect(failure).toMatchObject({ streamPath: '/live/show', error: { code: 'ENOSPC' }, goesOn: true })
      }
      expect(stage.recorder.isRecording(publisher.source)).toBe(true)
      stage.store.quota = Infinity
      await stage.play(publisher, [...round(2), ...round(3)])
      publisher.unpublish()
      await settle()
      expect(stage.failures).toHaveLength(length)
      const whole = stage.finished.filter(({ reason }) => reason === 'segment')
      const late = whole.filter(({ startedAtMs }) => startedAtMs - EPOCH >= 2 * 8_040)
      expect(late.length).toBeGreaterThanOrEqual(6)
      // To about a frame: each begins where the one before ends.
      for (const [i, { startedAtMs }] of late.entries()) {
        expect(Math.abs(startedAtMs - late[0]!.startedAtMs - i * 2_010)).toBeLessThan(150)
      }
      expect(stage.store.temporary.size).toBe(0)
    },
  )

  it('segments by size are tried again after as many bytes', async () => {
    const stage = new Stage({ path: '[stream].[timestamp].flv', segmentBytes: 150_000 })
    stage.store.quota = 0
    const publisher = stage.hub.publish('/live/show')
    // 100 kB a second, and a keyframe at each.
    await stage.play(publisher, [videoConfig(0), ...video(0, 2_680)])
    expect(stage.failures).toHaveLength(2)
    stage.store.quota = Infinity
    await stage.play(publisher, video(2_680, 5_000))
    publisher.unpublish()
    await settle()
    expect(stage.failures).toHaveLength(2)
    expect(stage.finished).toMatchObject([{ reason: 'ended', durationMs: 1_000 }])
  })

  it('the last segment, which none follows, ends the recording', async () => {
    const stage = new Stage({ segmentDurationMs: 2_000 })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [videoConfig(0), ...video(0, 1_000)])
    stage.store.quota = stage.store.used
    await stage.play(publisher, video(1_000, 1_040))
    publisher.unpublish()
    await settle()
    expect(stage.failures).toMatchObject([{ error: { code: 'ENOSPC' }, goesOn: false }])
    expect(stage.recorder.isRecording(publisher.source)).toBe(false)
  })

  it('an MP4 without room for its copy is whole as fragments', async () => {
    const stage = new Stage({ path: '[stream].mp4' })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, demuxFlv(readClip('avc-aac-bframes.flv')))
    stage.store.quota = stage.store.used + 100_000
    publisher.unpublish()
    await settle()
    expect(stage.failures).toEqual([])
    expect(stage.finished).toMatchObject([{ fragmented: true, durationMs: 8021, reason: 'ended' }])
    expect(boxesOf(stage.bytes('show.mp4')).slice(0, 5)).toEqual(['ftyp', 'moov', 'free', 'moof', 'mdat'])
    expect(stage.finished[0]!.byteLength).toBe(stage.bytes('show.mp4').length)
  })

  it('an MP4 that filled the disk has every whole fragment', async () => {
    const stage = new Stage({ path: '[stream].mp4', fragmentMs: 500 })
    stage.store.quota = 150_000
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, demuxFlv(readClip('avc-aac-bframes.flv')))
    await settle()
    expect(stage.failures).toMatchObject([{ error: { code: 'ENOSPC' } }])
    expect(stage.finished).toMatchObject([{ reason: 'failed', fragmented: true }])
    expect(stage.finished[0]!.durationMs).toBeGreaterThan(3_000)
    // Without what was torn.
    const bytes = stage.bytes('show.mp4')
    expect(boxesOf(bytes).at(-1)).toBe('mdat')
    expect(stage.finished[0]!.byteLength).toBe(bytes.length)
  })

  it('an MP4 that a crash has torn, and that there is no room to finish, is whole up to its last fragment', async () => {
    const stage = new Stage({ path: '[stream].mp4', fragmentMs: 500 })
    await stage.play(stage.hub.publish('/live/show'), demuxFlv(readClip('avc-aac-bframes.flv')))
    stage.store.crash()
    const file = stage.store.temporary.get('show.mp4')!
    file.bytes = file.bytes.slice(0, -1_000)
    const torn = file.bytes.length
    stage.store.quota = torn
    const [recovered] = await stage.record({ start: 'on-demand' }).recover()
    expect(recovered).toMatchObject({ fragmented: true, reason: 'recovered' })
    expect(recovered!.byteLength).toBeLessThan(torn)
    expect(boxesOf(stage.bytes('show.mp4')).at(-1)).toBe('mdat')
  })
})

describe('a store that hangs', () => {
  it('has failed after storeTimeoutMs; its file is left for the next start', async () => {
    const stage = new Stage({ path: '[stream].flv', storeTimeoutMs: 5_000 })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [videoConfig(0), ...video(0, 2_000)])
    stage.store.hang()
    await stage.play(publisher, video(2_000, 6_000))
    expect(stage.failures).toEqual([])
    await stage.play(publisher, video(6_000, 9_000))
    expect(stage.failures).toMatchObject([{ error: { code: 'ERR_RECORDING_TIMEOUT' } }])
    stage.store.resume()
    await stage.advance(10_000)
    expect(await stage.recorder.recover()).toMatchObject([{ reason: 'recovered', streamPath: '/live/show' }])
    expect(stage.finished[0]!.durationMs).toBeGreaterThanOrEqual(1_500)
  })

  test.each([
    [4_999, 0],
    [5_000, 1],
  ])('%d ms', async (ms, failures) => {
    const stage = new Stage({ storeTimeoutMs: 5_000 })
    stage.store.hang()
    const publisher = stage.hub.publish('/live/show')
    publisher.write(videoConfig(0))
    for (const packet of video(0, 1_000)) publisher.write(packet)
    await settle()
    await stage.advance(ms)
    expect(stage.failures).toHaveLength(failures)
  })

  it('one that answers again has the next segment', async () => {
    const stage = new Stage({
      path: '[stream].[timestamp].flv',
      storeTimeoutMs: 1_000,
      segmentDurationMs: 4_000,
    })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [videoConfig(0), ...video(0, 1_000)])
    stage.store.hang()
    await stage.play(publisher, video(1_000, 3_000))
    expect(stage.failures).toMatchObject([{ error: { code: 'ERR_RECORDING_TIMEOUT' }, goesOn: true }])
    stage.store.resume()
    await stage.play(publisher, video(3_000, 6_000))
    expect(stage.recorder.recordings()).toMatchObject([{ durationMs: 1_600 }])
  })

  it('closing waits no longer than that', async () => {
    const stage = new Stage({ storeTimeoutMs: 5_000 })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [videoConfig(0), ...video(0, 2_000)])
    stage.store.hang()
    let closed = false
    void stage.recorder.close().then(() => {
      closed = true
    })
    await stage.advance(120_000)
    expect(closed).toBe(true)
  })
})

it('a directory that cannot be made ends the recording alone', async () => {
  const file = join(await tempFolder(), 'file')
  await writeFile(file, '')
  const stage = new Stage({ start: 'on-demand' })
  stage.record({ store: new DirectoryRecordingStore(file) })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, [videoConfig(0), ...video(0, 1_000)])
  await vi.waitFor(async () => {
    await stage.advance(500)
    expect(stage.failures).toMatchObject([{ error: { code: 'ENOTDIR' } }])
  })
  expect(publisher.ended).toBeUndefined()
})

it('functions of the caller that throw keep no publisher out', async () => {
  const mine = new Error('mine')
  const stage = new Stage({
    apply: () => {
      throw mine
    },
  })
  const publisher = stage.hub.publish('/live/show')
  expect(stage.failures).toMatchObject([{ error: mine, streamPath: '/live/show' }])
  const late = stage.record({
    now: () => {
      throw mine
    },
  })
  publisher.write(videoConfig(0))
  publisher.write(key(0))
  publisher.unpublish()
  await settle()
  expect(stage.failures).toMatchObject([{ error: mine }, { error: mine }])
  await late.close()
})

it('a store that is slower than the stream: media is skipped up to a keyframe, and memory is bounded', async () => {
  const stage = new Stage({ path: '[stream].flv', maxLagMs: 2_000 }, { maxCacheMs: 3_000 })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, [videoConfig(0), audioConfig(0), ...video(0, 1_000)])
  await stage.advance(500)
  stage.store.hang()
  await stage.play(publisher, video(1_000, 9_000))
  expect(publisher.source.stats().cachedMs).toBeLessThanOrEqual(3_000)
  stage.store.resume()
  await stage.play(publisher, video(9_000, 10_000))
  await stage.recorder.stop(publisher.source)
  await settle()
  expect(stage.finished).toMatchObject([{ skips: 1, reason: 'stopped' }])
  const tags = tagsOf(stage.bytes('show.flv')).filter((tag) => /^v\d/i.test(tag))
  const times = tags.map((tag) => Number(tag.split('@')[1]))
  const gap = times.findIndex((time, i) => i > 0 && time - times[i - 1]! > 40)
  expect(gap).toBeGreaterThan(0)
  expect(tags[gap]![0]).toBe('V')
})

it('a recording ends with the media of the moment, however far behind the store is', async () => {
  const stage = new Stage({ path: '[stream].flv' })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, [videoConfig(0), ...video(0, 1_000)])
  stage.store.hang()
  await stage.play(publisher, video(1_000, 2_000))
  const stopped = stage.recorder.stop(publisher.source)
  await stage.play(publisher, [...video(2_000, 3_000), audio(3_000)])
  stage.store.resume()
  await stopped
  await settle()
  expect(stage.finished).toMatchObject([{ durationMs: 2_000, reason: 'stopped' }])
})

/** Types of the boxes of a file. */
function boxesOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const types: string[] = []
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    expect(at + view.getUint32(at)).toBeLessThanOrEqual(bytes.length)
    types.push(Buffer.from(bytes.subarray(at + 4, at + 8)).toString())
  }
  return types
}
