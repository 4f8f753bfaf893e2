import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { MediaPacket } from 'millrace/media'
import { Hub } from 'millrace/hub'
import { DirectoryRecordingStore, Recorder } from 'millrace/services/recording'
import { describe, expect, it, test } from 'vitest'
import { audio, audioConfig, endOfSequence, inter, key, metadata, videoConfig } from '../../hub/fakes.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { MemoryStore } from './memory-store.ts'
import { EPOCH, settle, Stage, tagsOf } from './stage.ts'

/** Video at 5 pictures a second with a keyframe every second, audio beside it; ids count from `firstId`. */
function stream(fromMs: number, toMs: number): MediaPacket[] {
  const packets = [videoConfig(fromMs), audioConfig(fromMs)]
  for (let dts = fromMs; dts < toMs; dts += 200) {
    packets.push((dts - fromMs) % 1000 === 0 ? key(dts, dts) : inter(dts, dts), audio(dts + 100, dts + 100))
  }
  return packets
}

describe('a recording is a publish', () => {
  it('begins with configuration at time 0 and has every packet', async () => {
    const stage = new Stage()
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, [metadata(5000, 7), ...stream(5000, 5800), endOfSequence(5700)])
    publisher.unpublish()
    await settle()
    expect(stage.keys).toEqual([`live/show.${EPOCH}.flv`])
    expect(tagsOf(stage.bytes(stage.keys[0]!))).toEqual(
      ['A!0@0', 'V!0@0', 'V5000@0', 'a5100@100', 'v5200@200', 'a5300@300', 'v5400@400', 'a5500@500', 'v5600@600', 'a5700@700', 'end@700'], // prettier-ignore
    )
    expect(stage.finished).toEqual([
      {
        streamPath: '/live/show',
        vhost: '__defaultVhost__',
        file: `memory:live/show.${EPOCH}.flv`,
        format: 'flv',
        startedAtMs: EPOCH,
        durationMs: 900,
        byteLength: stage.bytes(stage.keys[0]!).length,
        reason: 'ended',
        fragmented: false,
        skips: 0,
        unsupportedCodecs: [],
        request: undefined,
      },
    ])
  })

  it('a publisher that comes back, also within the grace time, has a file of its own', async () => {
    const stage = new Stage({}, { graceMs: 5_000 })
    const first = stage.hub.publish('/live/show')
    await stage.play(first, stream(0, 1000))
    first.unpublish()
    await stage.advance(1_000)
    const second = stage.hub.publish('/live/show')
    await stage.play(second, stream(0, 1000))
    second.unpublish()
    await settle()
    expect(stage.finished.map(({ startedAtMs }) => startedAtMs - EPOCH)).toEqual([0, 1900])
    const [a, b] = stage.keys.map((key) => tagsOf(stage.bytes(key)))
    expect(a).toHaveLength(12)
    expect(b).toEqual(a)
  })

  it('a publisher that is taken over ends its file with its own last packet', async () => {
    const stage = new Stage()
    const first = stage.hub.publish('/live/show')
    for (const packet of stream(0, 400)) first.write(packet)
    const second = stage.hub.publish('/live/show', { takeOver: true })
    for (const packet of stream(0, 600)) second.write(packet)
    second.unpublish()
    await settle()
    expect(stage.finished.map(({ durationMs }) => durationMs)).toEqual([500, 700])
  })

  it('one that sends nothing has no file, and takes nothing of the next one', async () => {
    const stage = new Stage()
    const first = stage.hub.publish('/live/show')
    first.write(videoConfig(0))
    first.unpublish()
    const second = stage.hub.publish('/live/show')
    for (const packet of stream(0, 400)) second.write(packet)
    await settle()
    second.unpublish()
    await settle()
    expect(stage.keys).toHaveLength(1)
    expect(tagsOf(stage.bytes(stage.keys[0]!))).toHaveLength(6)
  })

  it('tells who was recorded', async () => {
    const stage = new Stage()
    const request = { app: 'live', streamName: 's3cret', clientId: 'c-1' } as never
    const publisher = stage.hub.publish('/live/show', { request })
    await stage.play(publisher, stream(0, 1000))
    publisher.unpublish()
    await settle()
    expect(stage.finished[0]!.request).toMatchObject({ clientId: 'c-1', streamPath: '/live/show' })
    expect(JSON.stringify([stage.keys, stage.finished])).not.toContain('s3cret')
  })

  it('streams that are live already are recorded from their cached GOP on', async () => {
    const stage = new Stage({ start: 'on-demand' })
    const publisher = stage.hub.publish('/live/show')
    await stage.play(publisher, stream(0, 1500))
    const recorder = stage.record()
    publisher.unpublish()
    await settle()
    expect(stage.finished[0]).toMatchObject({ startedAtMs: EPOCH + 1000, durationMs: 700 })
    await recorder.close()
  })

  it('two of the same name in the same millisecond have two files', async () => {
    const stage = new Stage({ path: '[stream].flv' })
    for (const app of ['a', 'b']) {
      const publisher = stage.hub.publish(`/${app}/show`)
      for (const packet of stream(0, 400)) publisher.write(packet)
    }
    await stage.recorder.close()
    expect(stage.keys).toEqual(['show.flv', 'show-1.flv'])
  })
})

describe('which streams', () => {
  async function recorded(options: ConstructorParameters<typeof Stage>[0]): Promise<string[]> {
    const stage = new Stage({ path: '[app]/[stream].flv', ...options })
    for (const path of ['/live/a', '/live/b', '/vod/a'] as const) {
      const publisher = stage.hub.publish(path)
      for (const packet of stream(0, 400)) publisher.write(packet)
    }
    await stage.recorder.close()
    return stage.keys
  }
  test.each([
    ['all by default', {}, ['live/a.flv', 'live/b.flv', 'vod/a.flv']],
    ['a list, as dvr_apply has it', { apply: ['live/a', '/vod/a'] }, ['live/a.flv', 'vod/a.flv']],
    ['a decision', { apply: ({ streamPath }: { streamPath: string }) => streamPath.startsWith('/live/') }, ['live/a.flv', 'live/b.flv']], // prettier-ignore
    ['none on demand', { start: 'on-demand' as const }, []],
  ])('%s', async (_, options, keys) => expect(await recorded(options)).toEqual(keys))
})

describe('on demand', () => {
  it('starts and stops at once, with a path and format of its own', async () => {
    const stage = new Stage({ start: 'on-demand' })
    const publisher = stage.hub.publish('/live/show')
    const { source } = publisher
    await stage.play(publisher, stream(0, 1500))
    expect(stage.recorder.isRecording(source)).toBe(false)
    stage.recorder.start(source, { path: 'clips/[stream].flv' })
    expect(stage.recorder.isRecording(source)).toBe(true)
    expect(() => stage.recorder.start(source)).toThrow(RangeError)
    await stage.play(publisher, stream(1500, 2500).slice(2))
    expect(stage.recorder.recordings()).toMatchObject([
      { streamPath: '/live/show', key: 'clips/show.flv', format: 'flv', startedAtMs: EPOCH + 1000 },
    ])
    await stage.recorder.stop(source)
    expect(stage.recorder.isRecording(source)).toBe(false)
    await settle()
    expect(stage.finished).toMatchObject([{ reason: 'stopped', durationMs: 1500 + 100 }])
    await stage.play(publisher, stream(2500, 3500).slice(2))
    expect(stage.recorder.recordings()).toEqual([])
  })

  it('goes on with the next publisher until it is stopped', async () => {
    const stage = new Stage({ start: 'on-demand' })
    const first = stage.hub.publish('/live/show')
    stage.recorder.start(first.source)
    await stage.play(first, stream(0, 1000))
    first.unpublish()
    await settle()
    expect(stage.recorder.isRecording(first.source)).toBe(true)
    const second = stage.hub.publish('/live/show')
    await stage.play(second, stream(0, 1000))
    await stage.recorder.stop(second.source)
    await settle()
    expect(stage.finished.map(({ reason }) => reason)).toEqual(['ended', 'stopped'])
    second.unpublish()
    const third = stage.hub.publish('/live/show')
    await stage.play(third, stream(0, 1000))
    expect(stage.recorder.recordings()).toEqual([])
  })

  it('what is stopped stays so until the source is over, although all are recorded', async () => {
    const stage = new Stage({}, { graceMs: 100 })
    const first = stage.hub.publish('/live/show')
    await stage.play(first, stream(0, 1000))
    await stage.recorder.stop(first.source)
    first.unpublish()
    const second = stage.hub.publish('/live/show')
    expect(stage.recorder.isRecording(second.source)).toBe(false)
    second.unpublish()
    await stage.advance(200)
    const third = stage.hub.publish('/live/show')
    expect(stage.recorder.isRecording(third.source)).toBe(true)
  })

  it('a path that leaves the store is refused, and a closed source', () => {
    const stage = new Stage({ start: 'on-demand' })
    const { source } = stage.hub.publish('/live/show')
    expect(() => stage.recorder.start(source, { path: '../[stream].flv' })).toThrow(TypeError)
    expect(() => stage.recorder.start(source, { path: '/etc/[stream].flv' })).toThrow(TypeError)
    expect(() => stage.recorder.start(source, { format: 'avi' as never })).toThrow(TypeError)
    expect(() => stage.recorder.start(source, { directory: '/' } as never)).toThrow(TypeError)
    source.close()
    expect(() => stage.recorder.start(source)).toThrow(RangeError)
  })
})

describe('options', () => {
  test.each([
    [{ path: '../x.flv' }, 'relative'],
    [{ path: '[nope].flv' }, '[nope]'],
    [{ segmentDurationMs: 0 }, 'segmentDurationMs'],
    [{ plan: 'segment' }, 'plan'],
  ])('%j is wrong', (options, message) => {
    const make = (): Recorder =>
      new Recorder({ hub: new Hub(), store: new MemoryStore(), ...(options as object) })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })
})

it('leaves nothing behind', async () => {
  const stage = new Stage({}, { graceMs: 0 })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, stream(0, 1000))
  publisher.unpublish()
  await stage.advance(1_000)
  expect(stage.hub.stats().sources).toBe(0)
  expect(stage.clock.pending).toBe(0)
  await stage.recorder.close()
  expect(stage.hub.listenerCount('publish')).toBe(0)
  stage.hub.publish('/live/show')
  expect(stage.recorder.recordings()).toEqual([])
})

it('a listener that throws costs nothing', async () => {
  const stage = new Stage()
  stage.recorder.on('start', () => {
    throw new Error('mine')
  })
  stage.recorder.on('finish', () => {
    throw new Error('mine')
  })
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, stream(0, 1000))
  publisher.unpublish()
  await settle()
  expect(stage.keys).toHaveLength(1)
  expect(stage.failures).toEqual([])
})

it('whatever a stream is called, its file is in the directory', async () => {
  const root = await tempFolder()
  const store = new DirectoryRecordingStore(join(root, 'recordings'))
  const stage = new Stage({ start: 'on-demand' })
  const recorder = stage.record({ store, start: 'always' })
  const names = [
    '/live/...',
    '/live/.hidden',
    '/.a/b/passwd.',
    '/live/c:\\root',
    '/live/%2e%2e',
    '/live/*<>|"',
    `/${'deep/'.repeat(50)}show`,
    `/live/${'x'.repeat(256)}`,
    '/live/con',
    '/live/🎥',
  ] as const
  for (const name of names) {
    const publisher = stage.hub.publish(name)
    for (const packet of stream(0, 400)) publisher.write(packet)
  }
  await recorder.close()
  expect(stage.failures).toEqual([])
  const files = stage.finished.map(({ file }) => relative(join(root, 'recordings'), file))
  expect(files).toHaveLength(names.length)
  expect(files.filter((file) => file.startsWith('..'))).toEqual([])
  expect(await readdir(root)).toEqual(['recordings'])
})
