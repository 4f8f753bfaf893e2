import { accept, type AccessRequest, type Source, type StreamPath } from 'millrace/hub'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { HlsHandler, MemorySegmentStore } from 'millrace/packaging'
import { describe, expect, it } from 'vitest'
import { ascii, join } from '../support/bytes.ts'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame, idr, slice } from '../mpegts/packets.ts'
import { HlsServer, media, multivariant, resolvePath } from './hls-harness.ts'
import { settle, Stage } from '../node/http/http-harness.ts'

const SUFFIXES = ['', '_720p', '_480p']

/** A rendition that keeps the clock of what it is made from: pictures of `size` bytes every 40 ms, keyframes every second. */
class Rendition {
  readonly #stage: Stage
  readonly #size: number
  readonly path: StreamPath
  #publisher: ReturnType<Stage['hub']['publish']>

  constructor(stage: Stage, path: StreamPath, size: number) {
    this.#stage = stage
    this.#size = size
    this.path = path
    this.#publisher = stage.hub.publish(path, { atc: true })
    this.#configure()
  }

  get source(): Source {
    return this.#publisher.source
  }

  send(fromMs: number, toMs: number): void {
    for (let dts = fromMs; dts < toMs; dts += 40) {
      const keyframe = dts % 1000 === 0
      this.write(avcFrame(dts, { keyframe, nals: [keyframe ? idr(this.#size) : slice(this.#size)] }))
      this.write(aacFrame(dts + 10, 100))
    }
  }

  write(packet: MediaPacket): void {
    this.#publisher.write(packet)
  }

  unpublish(): void {
    this.#publisher.unpublish()
  }

  republish(): void {
    this.#publisher = this.#stage.hub.publish(this.path, { atc: true })
    this.#configure()
  }

  #configure(): void {
    this.write(avcConfiguration())
    this.write(aacConfiguration())
  }
}

/** A source and two renditions, with some seconds of each. */
function ladder(
  options: ConstructorParameters<typeof HlsServer>[1] = {},
  toMs = 5_000,
): { stage: Stage; server: HlsServer; rungs: Rendition[] } {
  const stage = new Stage({ gops: 20 })
  const rungs = SUFFIXES.map((suffix, i) => new Rendition(stage, `/live/show${suffix}`, 900 >> i))
  for (const rung of rungs) rung.send(0, toMs)
  return {
    stage,
    server: new HlsServer(stage, { variants: SUFFIXES, targetDurationMs: 1_000, ...options }),
    rungs,
  }
}

async function mediaOf(server: HlsServer, text: string): Promise<ReturnType<typeof media>[]> {
  return Promise.all(
    multivariant(text).variants.map(({ uri }) => server.media(resolvePath('/live/show.m3u8', uri))),
  )
}

describe('a stream with variants', () => {
  it('has a multivariant playlist of all, with measured rates', async () => {
    const { server } = ladder()
    const { status, body } = await server.fetch('/live/show.m3u8?token=a')
    expect(status).toBe(200)
    const [, session] = /session=([\w-]{16})/.exec(body)!
    const uri = (name: string): string => `show.m3u8?session=${session}&variant=${name}&token=a`
    const rates = [...body.matchAll(/:BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/g)].map(([, peak, average]) => [
      Number(peak),
      Number(average),
    ])
    const line = (i: number): string =>
      `#EXT-X-STREAM-INF:BANDWIDTH=${rates[i]![0]},AVERAGE-BANDWIDTH=${rates[i]![1]},CODECS="avc1.42000a,mp4a.40.2",RESOLUTION=128x96,FRAME-RATE=25.000`
    expect(body).toBe(
      `#EXTM3U
#EXT-X-VERSION:3
${line(0)}
${uri('source')}
${line(1)}
${uri('720p')}
${line(2)}
${uri('480p')}
`,
    )
    // 25 pictures of 900, 450 and 225 bytes, and as many frames of sound.
    expect(rates[0]![1]).toBeGreaterThan(25 * 8 * 1_000)
    expect(rates[0]![1]).toBeGreaterThan(rates[1]![1]! * 1.3)
    expect(rates[1]![1]).toBeGreaterThan(rates[2]![1]! * 1.2)
    for (const [peak, average] of rates) expect(peak).toBeGreaterThanOrEqual(average!)
  })

  it('has the same numbers, dates and durations in each, and segments of their own', async () => {
    const { server } = ladder()
    const { body } = await server.fetch('/live/show.m3u8')
    const playlists = await mediaOf(server, body)
    expect(playlists[0]!.segments.map(({ durationSec }) => durationSec)).toEqual([1, 1, 1, 1])
    const plain = playlists.map((playlist) => ({
      ...playlist,
      segments: playlist.segments.map(({ uri, ...segment }) => ({
        ...segment,
        uri: uri.replace(/\/\w+\//, '/'),
      })),
    }))
    expect(plain[1]).toEqual(plain[0])
    expect(plain[2]).toEqual(plain[0])
    const sizes: number[] = []
    for (const { segments } of playlists) {
      const answer = await server.get(resolvePath('/live/show.m3u8', segments[0]!.uri))
      expect(answer.statusCode).toBe(200)
      sizes.push(Number(answer.headers['content-length']))
      answer.resume()
    }
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    expect(new Set(sizes).size).toBe(3)
    expect(playlists[1]!.segments[0]!.uri).toMatch(/^show\/720p\/\d+\.ts\?session=/)
  })

  it('counts one viewer and asks once, whichever variants it plays', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ gops: 20, authorize: (request) => asked.push(request) > 0 })
    const rungs = SUFFIXES.map((suffix) => new Rendition(stage, `/live/show${suffix}`, 100))
    for (const rung of rungs) rung.send(0, 4_000)
    const server = new HlsServer(stage, { variants: SUFFIXES, targetDurationMs: 1_000 })
    const { body } = await server.fetch('/live/show.m3u8?variant=mine&x=1')
    for (const playlist of await mediaOf(server, body))
      for (const { uri } of playlist.segments) expect(await server.status(`/live/${uri}`)).toBe(200)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ streamPath: '/live/show', query: { variant: 'mine', x: '1' } })
    expect(server.hls.viewerCount).toBe(1)
    expect(stage.hub.source('/live/show')!.stats().viewers).toBe(1)
    expect(stage.hub.source('/live/show_720p')!.stats().viewers).toBe(0)
    const [viewer] = server.hls.viewers
    expect(viewer!.sentBytes).toBeGreaterThan(10_000)
    // Without the name of a variant its session gets the list again; another name is none.
    const id = viewer!.id
    expect(multivariant((await server.fetch(`/live/show.m3u8?session=${id}`)).body).variants).toHaveLength(3)
    expect(await server.status(`/live/show.m3u8?session=${id}&variant=240p`)).toBe(404)
    expect(await server.status(`/live/show/240p/1.ts?session=${id}`)).toBe(404)
    expect(await server.status(`/live/other/720p/1.ts?session=${id}`)).toBe(404)
    expect(server.hls.kick(id)).toBe(true)
    expect(await server.status(`/live/show.m3u8?session=${id}&variant=720p`)).toBe(404)
  })

  it('is found by any of them, and by the name that a viewer knows', async () => {
    const stage = new Stage({ gops: 20, authorize: () => accept({ streamPath: '/live/show' }) })
    new Rendition(stage, '/live/show_480p', 100).send(0, 4_000)
    const server = new HlsServer(stage, { variants: SUFFIXES, targetDurationMs: 1_000 })
    const { body } = await server.fetch('/live/s3cret.m3u8')
    expect(body).toContain('s3cret.m3u8?session=')
    expect(body).not.toContain('show')
    const [variant, ...others] = multivariant(body).variants
    expect(others).toEqual([])
    const { segments } = await server.media(resolvePath('/live/s3cret.m3u8', variant!.uri))
    expect(segments[0]!.uri).toMatch(/^s3cret\/480p\/\d+\.ts/)
    expect(await server.status(`/live/${segments[0]!.uri}`)).toBe(200)
  })

  it('is found when the first of them comes', async () => {
    const stage = new Stage({ gops: 20, publisherWaitMs: 3_000 })
    const server = new HlsServer(stage, { variants: SUFFIXES, targetDurationMs: 1_000 })
    const { answer } = await server.waiting()
    const rung = new Rendition(stage, '/live/show_720p', 100)
    await settle()
    rung.send(0, 2_100)
    expect(multivariant((await answer).body).variants).toHaveLength(1)
    const nobody = await server.waiting('/live/nobody.m3u8')
    stage.clock.advance(3_000)
    expect((await nobody.answer).status).toBe(404)
    expect(stage.hub.stats().waiting).toBe(0)
  })

  it('may be named by a function, which says itself what has none', async () => {
    const { stage } = ladder()
    const server = new HlsServer(stage, {
      targetDurationMs: 1_000,
      variants: (path) =>
        path === '/live/show' ? ['/live/show_720p', '/live/show_480p', '/live/show_720p'] : undefined,
    })
    const { body } = await server.fetch('/live/show.m3u8')
    expect([...body.matchAll(/variant=(\w+)/g)].map(([, name]) => name)).toEqual(['720p', '480p'])
    // It counts for the stream that was asked for, which is no variant here.
    expect(stage.hub.source('/live/show')!.stats().viewers).toBe(1)
    const alone = await server.fetch('/live/show_480p.m3u8?variant=app')
    expect(alone.body).toContain('show_480p.m3u8?session=')
    const path = resolvePath('/live/show_480p.m3u8', multivariant(alone.body).variants[0]!.uri)
    expect(path).toContain('variant=app')
    expect((await server.media(path)).segments[0]!.uri).toMatch(/^show_480p\/\d+\.ts/)
  })

  it('has no more variants than are allowed', async () => {
    const { stage } = ladder()
    for (const [maxVariants, count] of [
      [2, 2],
      [3, 3],
    ]) {
      const server = new HlsServer(stage, {
        variants: SUFFIXES,
        targetDurationMs: 1_000,
        maxVariants: maxVariants!,
      })
      expect(multivariant((await server.fetch('/live/show.m3u8')).body).variants).toHaveLength(count!)
    }
  })
})

it('has playlists without sessions too', async () => {
  const { server } = ladder({ sessions: false })
  const { body } = await server.fetch('/live/show.m3u8?token=1')
  expect(multivariant(body).variants.map(({ uri }) => uri)).toEqual(
    ['source', '720p', '480p'].map((name) => `show.m3u8?variant=${name}&token=1`),
  )
  const [, middle] = await mediaOf(server, body)
  const { uri } = middle!.segments[0]!
  expect(uri).toMatch(/^show\/720p\/\d+\.ts$/)
  expect(await server.status(resolvePath('/live/show.m3u8', uri))).toBe(200)
})

describe('a variant', () => {
  it('that comes late is in the next list, with the numbers of the others', async () => {
    const { stage, server, rungs } = ladder()
    const first = await server.fetch('/live/show.m3u8')
    stage.hub.source('/live/show_480p')!.close()
    const again = new Rendition(stage, '/live/show_480p', 50)
    for (const rung of [rungs[0]!, rungs[1]!, again]) rung.send(5_000, 6_500)
    stage.clock.advance(1_000)
    await settle()
    for (const rung of [rungs[0]!, rungs[1]!, again]) rung.send(6_520, 9_000)
    await settle()
    const { body } = await server.fetch('/live/show.m3u8')
    expect(multivariant(body).variants).toHaveLength(3)
    const [steady, , late] = await mediaOf(server, body)
    const numbers = (playlist: typeof late): string[] =>
      playlist!.segments.map(({ uri }) => /\d+(?=\.ts)/.exec(uri)![0])
    expect(numbers(steady).slice(-numbers(late).length)).toEqual(numbers(late))
    expect(late!.segments.at(-1)!.programDateTimeMs).toBe(steady!.segments.at(-1)!.programDateTimeMs)
    expect(late!.discontinuitySequence).toBe(steady!.discontinuitySequence)
    // Who was there before has the same URL for it.
    expect((await mediaOf(server, first.body))[2]!.segments).toHaveLength(numbers(late).length)
  })

  it('that vanishes is not found once the others have gone on, and can come back', async () => {
    const { stage, server, rungs } = ladder()
    const { body } = await server.fetch('/live/show.m3u8')
    const paths = multivariant(body).variants.map(({ uri }) => resolvePath('/live/show.m3u8', uri))
    rungs[1]!.unpublish()
    await settle()
    expect(await server.status(paths[1]!)).toBe(200)
    rungs[0]!.send(5_000, 8_500)
    rungs[2]!.send(5_000, 8_500)
    await settle()
    expect(await Promise.all(paths.map((path) => server.status(path)))).toEqual([200, 404, 200])
    expect(multivariant((await server.fetch('/live/show.m3u8')).body).variants).toHaveLength(2)
    rungs[1]!.republish()
    for (const rung of rungs) rung.send(8_520, 11_500)
    await settle()
    const [steady, back] = await Promise.all(paths.map((path) => server.media(path)))
    expect(back!.segments.map(({ programDateTimeMs }) => programDateTimeMs)).toEqual(
      steady!.segments.slice(-back!.segments.length).map(({ programDateTimeMs }) => programDateTimeMs),
    )
    expect(stage.hub.source('/live/show_720p')!.publisher).toBeDefined()
  })

  it('that is over ends with the stream, not before', async () => {
    const { stage, server, rungs } = ladder({ endListMs: 0 })
    const { body } = await server.fetch('/live/show.m3u8')
    rungs[2]!.source.close()
    await settle()
    const [steady, , over] = await mediaOf(server, body)
    expect([steady!.endList, over!.endList]).toEqual([false, false])
    rungs[0]!.source.close()
    rungs[1]!.source.close()
    await settle()
    stage.clock.advance(1_000)
    await settle()
    for (const playlist of await mediaOf(server, body)) expect(playlist.endList).toBe(true)
  })

  it('that no player can tell from another keeps a name of its own', async () => {
    const stage = new Stage({ gops: 20 })
    for (const path of ['/a/low', '/b/low'] as const) new Rendition(stage, path, 100).send(0, 3_000)
    const server = new HlsServer(stage, { targetDurationMs: 1_000, variants: () => ['/a/low', '/b/low'] })
    const { body } = await server.fetch('/live/show.m3u8')
    expect([...body.matchAll(/variant=([\w-]+)/g)].map(([, name]) => name)).toEqual(['low', 'low-1'])
  })
})

it('video tracks of a multitrack publish are variants', async () => {
  const stage = new Stage({ gops: 20 })
  const rung = new Rendition(stage, '/live/show', 100)
  const configuration = avcConfiguration().payload
  /** ExVideoTagHeader: 1 | frame type | Multitrack 6; ManyTracks 1 | packet type; fourCC; then each track with its id and size. */
  const message = (
    keyframe: boolean,
    type: number,
    dts: number,
    bodies: readonly Uint8Array[],
  ): MediaPacket =>
    packetFromTag(
      9,
      dts,
      join(
        Uint8Array.of(0x86 | (keyframe ? 0x10 : 0x20), 0x10 | type),
        ascii('avc1'),
        ...bodies.map((body, id) => join(Uint8Array.of(id, 0, body.length >> 8, body.length & 0xff), body)),
      ),
    )
  const picture = (length: number, keyframe: boolean): Uint8Array =>
    join(Uint8Array.of(0, 0, length >> 8, length & 0xff), keyframe ? idr(length) : slice(length))
  rung.write(message(true, 0, 0, [configuration, configuration]))
  for (let dts = 0; dts < 4_000; dts += 40) {
    const keyframe = dts % 1000 === 0
    rung.write(message(keyframe, 3, dts, [picture(900, keyframe), picture(90, keyframe)])) // CodedFramesX 3
    rung.write(aacFrame(dts + 5, 50))
  }
  const server = new HlsServer(stage, { variants: [''], targetDurationMs: 1_000 })
  const { body } = await server.fetch('/live/show.m3u8')
  const [high, low] = multivariant(body).variants
  expect([high!.uri, low!.uri]).toEqual([
    expect.stringContaining('variant=source'),
    expect.stringContaining('variant=source-1'),
  ])
  expect(low).toMatchObject({
    codecs: ['avc1.42000a', 'mp4a.40.2'],
    resolution: { width: 128, height: 96 },
    frameRate: 25,
  })
  expect(low!.bandwidth).toBeLessThan(high!.bandwidth / 2)
  const [a, b] = await mediaOf(server, body)
  expect(a!.segments).toHaveLength(3)
  expect(b!.segments.map(({ programDateTimeMs }) => programDateTimeMs)).toEqual(
    a!.segments.map(({ programDateTimeMs }) => programDateTimeMs),
  )
})

describe("mode 'always'", () => {
  it.each([
    ['suffixes', SUFFIXES],
    [
      'a function',
      (path: string) => (path === '/live/show' ? SUFFIXES.map((suffix) => path + suffix) : undefined),
    ],
  ])(
    'with %s packages renditions with their stream, and stores a playlist for web servers',
    async (_, variants) => {
      const store = new MemorySegmentStore()
      const stage = new Stage()
      const hls = new HlsHandler({
        hub: stage.hub,
        clock: stage.clock,
        mode: 'always',
        variants,
        targetDurationMs: 1_000,
        store,
      })
      const rungs = SUFFIXES.map((suffix) => new Rendition(stage, `/live/show${suffix}`, 100))
      stage.clock.advance(1_000)
      await settle()
      for (const rung of rungs) rung.send(0, 2_500)
      await settle()
      const text = async (key: string): Promise<string> => Buffer.from((await store.get(key))!).toString()
      expect(multivariant(await text('live/show.m3u8')).variants.map(({ uri }) => uri)).toEqual([
        'show.variants/source.m3u8',
        'show.variants/720p.m3u8',
        'show.variants/480p.m3u8',
      ])
      const playlist = media(await text('live/show.variants/720p.m3u8'))
      expect(playlist.segments.map(({ uri }) => uri)).toEqual([
        expect.stringMatching(/^720p\/\d+\.ts$/),
        expect.stringMatching(/^720p\/\d+\.ts$/),
      ])
      expect(await store.get(`live/show.variants/${playlist.segments[0]!.uri}`)).toBeDefined()
      // Nothing is packaged twice: a list, three playlists, two segments of each.
      expect(store.size).toBe(1 + 3 + 6)
      await hls.close()
      expect(store.size).toBe(0)
    },
  )
})

it("a stream whose variants come later is packaged with them from then on, in mode 'always' too", async () => {
  const store = new MemorySegmentStore()
  const stage = new Stage()
  const has = (path: string): boolean => stage.hub.source(path) !== undefined
  const server = new HlsServer(stage, {
    mode: 'always',
    targetDurationMs: 1_000,
    store,
    variants: {
      variantsOf: (path) => ['/live/show_720p'].filter((one) => path === '/live/show' && has(one)),
      streamOf: ({ streamPath }) => (streamPath === '/live/show_720p' ? '/live/show' : undefined),
    },
  })
  const original = new Rendition(stage, '/live/show', 100)
  original.send(0, 2_500)
  await settle()
  const alone = await server.enter()
  expect(alone).not.toContain('variant=')
  const rung = new Rendition(stage, '/live/show_720p', 50)
  original.send(2_520, 5_500)
  rung.send(3_000, 5_500)
  await settle()
  const { body } = await server.fetch('/live/show.m3u8')
  expect(multivariant(body).variants.map(({ uri }) => /variant=\w+/.exec(uri)?.[0])).toEqual(['variant=720p'])
  // Who was there before stays, until nobody of them is left.
  expect(await server.status(alone)).toBe(200)
  expect(original.source.consumerStats()).toHaveLength(1)
  const [session] = [...server.hls.viewers]
  server.hls.kick(session!.id)
  stage.clock.advance(1_000)
  await settle()
  expect(original.source.consumerStats()).toHaveLength(0)
  expect(rung.source.consumerStats()).toHaveLength(1)
  await server.hls.close()
  expect(store.size).toBe(0)
})

it('a stream with variants that is over and published again goes on, with a discontinuity in all of them', async () => {
  const { stage, server, rungs } = ladder()
  const before = await server.fetch('/live/show.m3u8')
  const old = await mediaOf(server, before.body)
  for (const rung of rungs) rung.source.close()
  await settle()
  stage.clock.advance(1_000)
  await settle()
  const ended = await mediaOf(server, before.body)
  for (const playlist of ended) expect(playlist.endList).toBe(false)
  const again = SUFFIXES.map((suffix) => new Rendition(stage, `/live/show${suffix}`, 100))
  for (const rung of again) rung.send(0, 3_000)
  await server.fetch('/live/show.m3u8')
  await settle()
  const after = await mediaOf(server, before.body)
  expect(after).toHaveLength(3)
  for (const [i, playlist] of after.entries()) {
    expect(playlist.endList).toBe(false)
    expect(playlist.mediaSequence).toBe(old[0]!.mediaSequence)
    const marks = playlist.segments.map(({ discontinuity }) => discontinuity === true)
    expect(marks.lastIndexOf(true)).toBe(ended[i]!.segments.length)
    expect(playlist.segments.length).toBeGreaterThan(ended[i]!.segments.length)
  }
  expect(stage.hub.source('/live/show')!.stats().viewers).toBe(2)
  stage.clock.advance(70_000)
  await settle()
  await server.hls.close()
  expect(stage.hub.source('/live/show')!.audience).toBe(0)
})

it('a store that cannot remove anything any more ends nobody', async () => {
  const memory = new MemorySegmentStore()
  let isReadOnly = false
  const store = {
    put: (key: string, bytes: Uint8Array) => memory.put(key, bytes),
    get: (key: string) => memory.get(key),
    delete: (key: string) => (isReadOnly ? Promise.reject(new Error('EROFS')) : memory.delete(key)),
  }
  const { server } = ladder({ mode: 'always', store })
  await settle()
  isReadOnly = true
  // What rejected here was nobody's to catch, and ended the process.
  await server.hls.close()
  expect(memory.size).toBeGreaterThan(0)
})
