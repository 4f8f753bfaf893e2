import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DirectorySegmentStore,
  HlsHandler,
  HlsPackager,
  MemorySegmentStore,
  type PackagedSegment,
  type SegmentStore,
} from 'millrace/packaging'
import { describe, expect, it, vi } from 'vitest'
import { ascii } from '../support/bytes.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { media } from './hls-harness.ts'
import { packetsOf, settle, Stage } from '../node/http/http-harness.ts'

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()
}

describe.each(['memory', 'directory'] as const)('a %s store', (kind) => {
  async function open(): Promise<SegmentStore> {
    return kind === 'memory' ? new MemorySegmentStore() : new DirectorySegmentStore(await tempFolder())
  }

  it('gives back what it was given, until that is removed', async () => {
    const store = await open()
    expect(await store.get('live/show/1.ts')).toBe(undefined)
    await store.put('live/show/1.ts', ascii('one'))
    await store.put('live/show.m3u8', ascii('list'))
    await store.put('live/show.m3u8', ascii('longer list'))
    expect(Buffer.from((await store.get('live/show/1.ts'))!).toString()).toBe('one')
    expect(Buffer.from((await store.get('live/show.m3u8'))!).toString()).toBe('longer list')
    await store.delete('live/show/1.ts')
    await store.delete('live/show/1.ts')
    expect(await store.get('live/show/1.ts')).toBe(undefined)
    // A folder is no file.
    expect(await store.get('live')).toBe(undefined)
    expect(await store.get('live/show.m3u8/1.ts')).toBe(undefined)
  })
})

it('a memory store counts its bytes', async () => {
  const store = new MemorySegmentStore()
  await store.put('a', ascii('12345'))
  await store.put('b', ascii('123'))
  await store.put('a', ascii('1'))
  expect([store.size, store.bytes]).toEqual([2, 4])
  await store.delete('a')
  await store.delete('c')
  expect([store.size, store.bytes]).toEqual([1, 3])
})

describe('a directory store', () => {
  it('never shows half a file, and leaves nothing behind', async () => {
    const folder = await tempFolder()
    const store = new DirectorySegmentStore(join(folder, 'made/when/needed'))
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(200_000))
    let reading = true
    const seen = new Set<string>()
    const reader = (async () => {
      while (reading) {
        const bytes = await store.get('live/show.m3u8')
        if (bytes !== undefined) seen.add(Buffer.from(bytes).toString())
      }
    })()
    await Promise.all(texts.map((text) => store.put('live/show.m3u8', ascii(text))))
    reading = false
    await reader
    expect([...seen].every((text) => texts.includes(text))).toBe(true)
    expect(await filesIn(folder)).toEqual(['made/when/needed/live/show.m3u8'])
    await store.delete('live/show.m3u8')
    expect(await readdir(join(folder, 'made/when/needed'))).toEqual([])
  })

  it('puts into a folder that is being removed as empty', async () => {
    const store = new DirectorySegmentStore(await tempFolder())
    for (let i = 0; i < 50; i++) {
      await store.put('live/show/1.ts', ascii('one'))
      await Promise.all([store.delete('live/show/1.ts'), store.put('live/show/2.ts', ascii('two'))])
      expect(await store.get('live/show/2.ts')).toBeDefined()
      await store.delete('live/show/2.ts')
    }
  })

  it.each(['../outside', 'a/../../outside', '', '.', '..', 'a/..'])('refuses the key %j', async (key) => {
    const folder = await tempFolder()
    const store = new DirectorySegmentStore(join(folder, 'store'))
    await expect(store.put(key, ascii('x'))).rejects.toThrow(RangeError)
    await expect(store.get(key)).rejects.toThrow(RangeError)
    await expect(store.delete(key)).rejects.toThrow(RangeError)
    expect(await readdir(folder)).toEqual([])
  })

  it('lists what is below a folder', async () => {
    const store = new DirectorySegmentStore(await tempFolder())
    expect(await store.list('live')).toEqual([])
    for (const key of ['live/show/1.ts', 'live/show/deep/2.ts', 'live/show.m3u8', 'other/show/3.ts'])
      await store.put(key, ascii('x'))
    expect((await store.list('live/show')).toSorted()).toEqual(['live/show/1.ts', 'live/show/deep/2.ts'])
    expect(await store.list('live/show.m3u8')).toEqual([])
    await expect(store.list('../other')).rejects.toThrow(RangeError)
  })

  it('takes a key for relative, whatever it begins with', async () => {
    const folder = await tempFolder()
    const store = new DirectorySegmentStore(folder)
    await store.put('/etc/show.m3u8', ascii('x'))
    expect(await filesIn(folder)).toEqual(['etc/show.m3u8'])
  })

  it('tells of a disk that refuses, and cleans up after itself', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'live'), 'a file where a folder should be')
    const store = new DirectorySegmentStore(folder)
    await expect(store.put('live/show/1.ts', ascii('x'))).rejects.toThrow(/EEXIST|ENOTDIR/)
    await mkdir(join(folder, 'show.m3u8'))
    await expect(store.put('show.m3u8', ascii('x'))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(await filesIn(folder)).toEqual(['live'])
  })
})

describe('a packager on a disk', () => {
  it('that works names only files that are there, removes old ones, and leaves nothing behind', async () => {
    const folder = await tempFolder()
    const store = new DirectorySegmentStore(folder)
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const source = stage.hub.source('/live/show')!
    const packager = new HlsPackager(source, store, {
      targetDurationMs: 500,
      windowMs: 1_000,
      startSequence: 7,
    })
    const announced: number[] = []
    packager.on('segment', ({ sequence, key, playlistKey }) => {
      expect([key, playlistKey]).toEqual([`live/show/${sequence}.ts`, 'live/show.m3u8'])
      announced.push(sequence)
    })
    packager.on('segment', () => {
      throw new Error('a listener of the application')
    })
    for (let i = 0; i < 30; i++) {
      encoder.send(20)
      await settle()
      const playlist = await store.get('live/show.m3u8')
      if (playlist === undefined) continue
      const files = await filesIn(folder)
      for (const { uri } of media(Buffer.from(playlist).toString()).segments)
        expect(files).toContain(`live/${uri}`)
    }
    await vi.waitFor(() => expect(announced.length).toBeGreaterThan(2), { interval: 1 })
    expect(announced.slice(0, 3)).toEqual([7, 8, 9])
    await packager.close()
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['...', '%25...'],
    ['.a', '.a'],
    ['a/b', 'b'],
    ['x.m3u8', 'x%252Em3u8'],
    ['12.ts', '12%252Ets'],
    ['a\\..\\b', 'a%255C..%255Cb'],
    ['%2e%2e', '%25252e%25252e'],
    ['con', 'con'],
  ])('keeps the files of a stream called %j in their place', async (name, uri) => {
    const folder = await tempFolder()
    const stage = new Stage()
    const encoder = stage.publish(`/live/${name}`, 0)
    const [source] = stage.hub.sources
    const store = new DirectorySegmentStore(join(folder, 'store'))
    const packager = new HlsPackager(source!, store, { targetDurationMs: 2_000, startSequence: 7 })
    const stored = new Promise<PackagedSegment>((resolve) => packager.once('segment', resolve))
    encoder.send()
    const { playlistKey } = await stored
    const text = Buffer.from((await store.get(playlistKey))!).toString()
    expect(media(text).segments[0]!.uri).toBe(`${uri}/7.ts`)
    expect(packager.playlist!.segments[0]!.uri).toBe('7.ts')
    expect(await packager.segment(7)).toBeDefined()
    expect((await readdir(folder)).join()).toBe('store')
    await packager.close()
    expect(await filesIn(folder)).toEqual([])
  })

  it('that refuses keeps its segments in memory, and the stream goes on', async () => {
    const files = new Map<string, Uint8Array>()
    let isFull = false
    const announced: number[] = []
    const store: SegmentStore = {
      put(key, bytes) {
        if (isFull) return Promise.reject(new Error('ENOSPC'))
        files.set(key, bytes)
        return Promise.resolve()
      },
      get: (key) => Promise.resolve(files.get(key)),
      delete: (key) =>
        isFull ? Promise.reject(new Error('EROFS')) : Promise.resolve(void files.delete(key)),
    }
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const packager = new HlsPackager(stage.hub.source('/live/show')!, store, {
      targetDurationMs: 2_000,
      startSequence: 7,
    })
    packager.on('segment', ({ sequence }) => announced.push(sequence))
    encoder.send(200)
    await settle()
    isFull = true
    encoder.send(200)
    await settle()
    isFull = false
    encoder.send()
    await settle()
    const { segments } = packager.playlist!
    expect(segments.map(({ uri }) => uri)).toEqual(['7.ts', '8.ts', '9.ts'])
    expect(segments.some(({ discontinuity }, i) => i > 0 && discontinuity === true)).toBe(false)
    for (const sequence of [7, 8, 9])
      expect((await packager.segment(sequence))!.length).toBeGreaterThan(10_000)
    // Only what the store has is announced.
    expect(files.has('live/show/8.ts')).toBe(false)
    expect(announced).toEqual([7, 9])
    await packager.close()
    expect(await packager.segment(8)).toBe(undefined)
    expect([...files.keys()]).toEqual([])
  })

  it.each([
    ['segments', /\.ts$/],
    ['playlists', /\.m3u8$/],
    ['anything', /./],
  ])('that takes no %s for a while names only what is there, and says so once', async (_, refused) => {
    const files = new Map<string, Uint8Array>()
    let isFull = false
    const store: SegmentStore = {
      put: (key, bytes) =>
        isFull && refused.test(key)
          ? Promise.reject(new Error('ENOSPC'))
          : Promise.resolve(void files.set(key, bytes)),
      get: (key) => Promise.resolve(files.get(key)),
      delete: (key) => Promise.resolve(void files.delete(key)),
    }
    const stage = new Stage()
    const publisher = stage.hub.publish('/live/show')
    const packager = new HlsPackager(publisher.source, store, {
      targetDurationMs: 2_000,
      windowMs: 8_000,
      startSequence: 100,
    })
    const told: string[] = []
    packager.on('storeError', ({ message }, key) => told.push(`${message} ${key}`))
    packager.on('storeRecover', () => told.push('again'))
    const listed: (string | undefined)[] = []
    // Segments of 2 s: four a round. The window has five of them, and the store keeps them for as long as it lasts once more.
    for (let round = 0; round < 12; round++) {
      for (const packet of packetsOf('avc-aac-bframes.flv')) {
        publisher.write(packet.withDts(packet.dts + round * 8_040))
      }
      stage.clock.advance(60)
      await settle()
      isFull = round >= 3 && round < 8
      const bytes = files.get('live/show.m3u8')
      const { segments, mediaSequence } =
        bytes === undefined ? { segments: [] } : media(Buffer.from(bytes).toString())
      for (const { uri } of segments) expect([...files.keys()]).toContain(`live/${uri}`)
      expect(segments[0]?.uri).toBe(bytes === undefined ? undefined : `show/${mediaSequence}.ts`)
      listed.push(segments.at(-1)?.uri)
    }
    // Viewers of the packager miss nothing.
    const { segments } = packager.playlist!
    expect(`show/${segments.at(-1)!.uri}`).toBe(listed.at(-1))
    expect(listed[2]).toBeDefined()
    // Nothing of what it named is kept by now.
    expect(listed[7]).toBe(undefined)
    expect(told).toEqual([expect.stringMatching(/^ENOSPC live\/show/), 'again'])
    await packager.close()
    expect([...files.keys()]).toEqual([])
  })

  it('that is slow makes the log wait, not the stream skip', async () => {
    const waiting: (() => void)[] = []
    const store = new MemorySegmentStore()
    const slow: SegmentStore = {
      async put(key, bytes) {
        await new Promise<void>((resolve) => waiting.push(resolve))
        await store.put(key, bytes)
      },
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
    }
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const packager = new HlsPackager(stage.hub.source('/live/show')!, slow, { targetDurationMs: 2_000 })
    await settle()
    encoder.send()
    for (let i = 0; i < 20; i++) {
      waiting.shift()?.()
      await settle(5)
    }
    const { segments } = packager.playlist!
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([2, 2, 2])
    await packager.close()
  })
})

it('segments that a killed process has left are removed when the stream is packaged again, and nothing else is', async () => {
  const root = await tempFolder()
  const kept = [
    // Another stream, of a longer path; a stream that is called almost the same; what is none of ours.
    'live/show/720p/5.ts',
    'live/show2/5.ts',
    'live/show/notes.txt',
    'live/show.variants/poster.ts',
  ]
  const left = ['live/show/5.ts', 'live/show/6.ts', 'live/show.variants/720p/5.ts']
  for (const file of [...kept, ...left]) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), 'x')
  }
  const stage = new Stage()
  const hls = new HlsHandler({
    hub: stage.hub,
    clock: stage.clock,
    mode: 'always',
    store: new DirectorySegmentStore(root),
    targetDurationMs: 2_000,
  })
  stage.publish('/live/show', Infinity)
  await vi.waitFor(async () => {
    const files = await filesIn(root)
    expect(files.filter((file) => left.includes(file))).toEqual([])
    expect(files.filter((file) => /^live\/show\/\d{10}\.ts$/.test(file)).length).toBeGreaterThan(1)
  })
  await hls.close()
  expect(await filesIn(root)).toEqual(kept.toSorted())
})
