import { getEventListeners } from 'node:events'
import { TsDemuxer } from 'millrace/mpegts'
import { packetFromTag } from 'millrace/media'
import { accept, type AccessRequest, redirect, reject } from 'millrace/hub'
import { HlsHandler, MemorySegmentStore, type PackagedSegment } from 'millrace/packaging'
import { describe, expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { HlsServer, media, multivariant, resolvePath } from './hls-harness.ts'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame } from '../mpegts/packets.ts'
import { packetsOf, settle, Stage } from '../node/http/http-harness.ts'

function codecsIn(bytes: Buffer): string[] {
  const demuxer = new TsDemuxer()
  demuxer.push(bytes)
  const codecs = new Set<string>()
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) codecs.add(unit.codec)
  return [...codecs].toSorted()
}

/** A live stream with some seconds behind it. */
function live(): { stage: Stage; server: HlsServer } {
  const stage = new Stage()
  stage.publish('/live/show')
  return { stage, server: new HlsServer(stage) }
}

describe('a viewer', () => {
  it('gets a multivariant playlist, a media playlist and segments', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    encoder.send()
    const first = await answer
    expect(first.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'no-cache, no-store',
      'content-length': String(first.body.length),
      'access-control-allow-origin': '*',
    })
    const [variant, ...others] = multivariant(first.body).variants
    expect(others).toEqual([])
    expect(variant).toMatchObject({
      codecs: ['avc1.4d400d', 'mp4a.40.2'],
      resolution: { width: 320, height: 180 },
      frameRate: 25,
    })
    expect(variant!.bandwidth).toBeGreaterThan(100_000)
    expect(variant!.averageBandwidth).toBeLessThanOrEqual(variant!.bandwidth)
    expect(variant!.uri).toMatch(/^show\.m3u8\?session=[\w-]{16}$/)

    const path = resolvePath('/live/show.m3u8', variant!.uri)
    const playlist = await server.media(path)
    expect(playlist.segments.map(({ durationSec }) => durationSec)).toEqual([2, 2, 2])
    expect(playlist.endList).toBe(false)
    // Seconds since 1970: no number comes twice, not even after a restart.
    expect(Math.abs(playlist.mediaSequence - Date.now() / 1_000)).toBeLessThan(60)

    for (const { uri } of playlist.segments) {
      const segment = await server.get(resolvePath(path, uri))
      expect(segment.headers).toMatchObject({
        'content-type': 'video/mp2t',
        'cache-control': 'public, max-age=3600, immutable',
        'access-control-allow-origin': '*',
      })
      const bytes = Buffer.concat(await segment.toArray())
      expect(bytes.length).toBe(Number(segment.headers['content-length']))
      expect(codecsIn(bytes)).toEqual(['avc1', 'mp4a'])
    }
  })

  it.each([
    ['avc-mp3.flv', ['avc1.64000c', 'mp4a.6B'], ['.mp3', 'avc1']],
    ['audio-only-aac.flv', ['mp4a.40.2'], ['mp4a']],
    ['video-only-avc.flv', ['avc1.64000c'], ['avc1']],
    ['hevc-aac.ertmp.flv', ['hvc1.1.6.L60.90', 'mp4a.40.2'], ['hvc1', 'mp4a']],
    // AV1 and VP9 have no place in MPEG-TS: the playlist must not promise them.
    ['av1-opus.ertmp.flv', ['opus'], ['Opus']],
  ] as const)('of %s is told the codecs that its segments have', async (clip, codecs, inside) => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 20, clip)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    encoder.send()
    const [variant] = multivariant((await answer).body).variants
    expect(variant!.codecs?.map((codec) => codec.toLowerCase())).toEqual(
      codecs.map((codec) => codec.toLowerCase()),
    )
    expect(variant!.resolution === undefined).toBe(!inside.some((codec) => ['avc1', 'hvc1'].includes(codec)))
    const path = resolvePath('/live/show.m3u8', variant!.uri)
    const { segments } = await server.media(path)
    const segment = await server.get(resolvePath(path, segments[0]!.uri))
    expect(codecsIn(Buffer.concat(await segment.toArray()))).toEqual([...inside].toSorted())
  })

  it('a fourCC that no playlist can quote, behind more unknown ones than are remembered, is left out', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const { publisher } = stage.hub.source('/live/show')!
    for (const fourCc of [...Array.from({ length: 20 }, (_, i) => `x${i + 100}`), 'a"b\n']) {
      // ExHeader, key frame, CodedFrames; fourCC; a byte of picture
      publisher!.write(packetFromTag(9, 0, join(hex('91'), ascii(fourCc), hex('00'))))
    }
    await settle()
    const [variant] = multivariant((await server.fetch('/live/show.m3u8')).body).variants
    expect(variant!.codecs).toEqual(['mp4a.40.2'])
  })

  it('sees dates that go on while the wall clock is set back by an hour, and numbers by the time of day', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show')
    let setMs = 1_700_000_000_000
    const server = new HlsServer(stage, { now: () => setMs + stage.clock.now() })
    const { answer } = await server.waiting()
    encoder.send(300)
    await answer
    const path = await server.enter()
    expect((await server.media(path)).mediaSequence).toBe(1_700_000_001) // the first request comes after 100 packets
    setMs -= 3_600_000
    encoder.send()
    await settle()
    const { segments } = await server.media(path)
    expect(segments.length).toBeGreaterThan(1)
    // The hub hands packets on every 60 ms.
    expect(segments[0]!.programDateTimeMs).toBe(1_700_000_000_060)
    for (const [i, { programDateTimeMs, durationSec }] of segments.slice(0, -1).entries())
      expect(segments[i + 1]!.programDateTimeMs).toBe(programDateTimeMs! + durationSec * 1000)
  })

  it('waits for the first segment, and gets a 503 that says why when none comes in time', async () => {
    const { stage, server } = live()
    const { answer } = await server.waiting()
    stage.clock.advance(14_999)
    await settle()
    expect(server.hls.viewerCount).toBe(0)
    stage.clock.advance(1)
    expect(await answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: 'the first segment is not finished yet\n',
    })
    const impatient = await new HlsServer(stage, { firstSegmentWaitMs: 0 }).waiting()
    stage.clock.advance(0)
    expect((await impatient.answer).status).toBe(503)
  })

  it('of a stream without segments is told what is missing, and the log as well', async () => {
    const stage = new Stage()
    const failed: string[] = []
    stage.hub.on('fail', (_request, reason) => failed.push(reason))
    const publisher = stage.hub.publish('/live/show')
    const told = async (): Promise<string> => {
      const { answer } = await new HlsServer(stage).waiting()
      stage.clock.advance(15_000)
      const { status, body } = await answer
      return `${status} ${body.trim()}`
    }
    expect(await told()).toBe('503 the publisher has sent no audio or video yet')
    publisher.write(avcConfiguration())
    for (let dts = 0; dts < 20_000; dts += 40) publisher.write(avcFrame(dts))
    expect(await told()).toBe('503 no keyframe of the video has come yet')
    // ExHeader, key frame, SequenceStart and CodedFrames; fourCC; the av1C and a picture
    publisher.write(packetFromTag(9, 0, join(hex('90'), ascii('av01'), hex('81 05 0c 00'))))
    publisher.write(packetFromTag(9, 0, join(hex('91'), ascii('av01'), hex('12 00'))))
    expect(await told()).toBe('503 HLS segments cannot carry av01')
    publisher.unpublish()
    const { answer } = await new HlsServer(stage, { firstSegmentWaitMs: 1_000 }).waiting()
    stage.clock.advance(1_000)
    expect(await answer).toMatchObject({ status: 503, body: 'the publisher is away\n' })
    expect(failed).toHaveLength(4)
  })

  it('of a camera that is off hears the sound', async () => {
    const stage = new Stage()
    const publisher = stage.hub.publish('/live/show')
    const server = new HlsServer(stage, { mode: 'always' })
    publisher.write(avcConfiguration())
    publisher.write(aacConfiguration())
    for (let dts = 0; dts < 8_000; dts += 20) publisher.write(aacFrame(dts))
    await settle()
    const { segments } = await server.media(await server.enter())
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([1, 1, 1])
  })

  it('of a stream whose sound never comes is not told of it', async () => {
    const stage = new Stage()
    const server = new HlsServer(stage, { mode: 'always' })
    const publisher = stage.hub.publish('/live/show')
    await settle()
    for (const packet of packetsOf('avc-aac-bframes.flv')) {
      if (packet.kind === 'video' || packet.configuration) publisher.write(packet)
    }
    await settle()
    const [variant] = multivariant((await server.fetch('/live/show.m3u8')).body).variants
    expect(variant!.codecs).toEqual(['avc1.4d400d'])
  })

  it('waits until there is enough to play until the next segment', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { targetDurationMs: 4_000 })
    let isAnswered = false
    const { answer } = await server.waiting()
    void answer.then(() => (isAnswered = true))
    // Keyframes are 2 s apart.
    for (const keyframeMs of [0, 2_000, 4_000]) {
      encoder.send(encoder.packets.findIndex(({ dts }) => dts > keyframeMs) - encoder.sent.length)
      await settle()
      expect(isAnswered).toBe(false)
    }
    encoder.send(encoder.packets.findIndex(({ dts }) => dts > 6_000) - encoder.sent.length)
    await answer
    const { segments, targetDurationSec } = await server.media(await server.enter())
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([2, 2, 2])
    expect(targetDurationSec).toBe(4)
  })

  it('gets one segment if there is no other in time', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { targetDurationMs: 4_000 })
    const { answer } = await server.waiting()
    encoder.send(encoder.packets.findIndex(({ dts }) => dts > 2_000))
    await settle()
    stage.clock.advance(15_000)
    const [variant] = multivariant((await answer).body).variants
    const { segments } = await server.media(resolvePath('/live/show.m3u8', variant!.uri))
    expect(segments).toHaveLength(1)
  })

  it('sees four target durations, or three segments if they are longer', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const hls = new HlsHandler({ hub: stage.hub, clock: stage.clock, targetDurationMs: 1_000 })
    const get = async (path: string): Promise<string> =>
      (await hls.fetch(new Request(`http://a${path}`)))!.text()
    const waiting = get('/live/show.m3u8')
    await settle()
    encoder.send()
    const [variant] = multivariant(await waiting).variants
    await settle()
    const { segments } = media(await get(resolvePath('/live/show.m3u8', variant!.uri)))
    // Keyframes are 2 s apart: three segments are the least that players need.
    expect(segments.map(({ durationSec }) => durationSec)).toEqual([2, 2, 2])
  })

  it('that leaves while it waits is forgotten', async () => {
    const ended: string[] = []
    const stage = new Stage({ authorize: () => accept({ onEnd: () => ended.push('ended') }) })
    stage.publish('/live/show')
    const server = new HlsServer(stage)
    const client = server.connect()
    client.write('GET /live/show.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n')
    await settle()
    expect(ended).toEqual([])
    client.destroy()
    await settle()
    expect(ended).toEqual(['ended'])
    expect(server.hls.viewerCount).toBe(0)
  })

  it('may have another name for the stream than the hub, with characters of its own', async () => {
    const stage = new Stage({ authorize: () => accept({ streamPath: '/live/show' }) })
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage)
    const { answer } = await server.waiting('/live/a%20%26b%25.m3u8')
    encoder.send()
    const [variant] = multivariant((await answer).body).variants
    expect(variant!.uri).toMatch(/^a%26b%25\.m3u8\?session=/)
    const path = resolvePath('/live/x.m3u8', variant!.uri)
    const { segments } = await server.media(path)
    expect(segments[0]!.uri).toMatch(/^a%26b%25\/\d+\.ts\?session=/)
    expect(await server.status(resolvePath(path, segments[0]!.uri))).toBe(200)
    // Its session opens no other stream.
    const session = new URLSearchParams(path.split('?')[1]).get('session')
    expect(await server.status(`/live/show.m3u8?session=${session}`)).toBe(404)
  })

  it.each(['"first', 'a/b&c', '...', '.a', 'x.m3u8', 'ü€', '%41', 'a.'])(
    'defect: a stream called %j takes nobody down',
    async (name) => {
      const stage = new Stage()
      const encoder = stage.publish(`/live/${name}`)
      const server = new HlsServer(stage, { mode: 'always' })
      encoder.send()
      await settle()
      const path = `/live/${name.split('/').map(encodeURIComponent).join('/')}.m3u8`
      const own = await server.enter(path)
      const { segments } = await server.media(own)
      expect(await server.status(resolvePath(own, segments[0]!.uri))).toBe(200)
    },
  )
})

describe('admission', () => {
  it('is asked once for each viewer, whose session it names', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage, { trustProxy: true })
    const { answer } = await server.waiting('/live/show.m3u8?token=a%2Fb&x=1', {
      headers: { 'X-Forwarded-For': '192.0.2.7', Referer: 'http://page.example/' },
    })
    encoder.send()
    const [variant] = multivariant((await answer).body).variants
    const path = resolvePath('/live/show.m3u8', variant!.uri)
    const { segments } = await server.media(path)
    await server.media(path)
    for (const { uri } of segments) await server.fetch(resolvePath(path, uri))
    expect(asked).toHaveLength(1)
    const id = new URL(path, 'http://a').searchParams.get('session')
    expect(asked[0]).toMatchObject({
      action: 'play',
      protocol: 'hls',
      app: 'live',
      streamName: 'show',
      query: { token: 'a/b', x: '1' },
      clientId: id,
      remoteAddress: '192.0.2.7',
      pageUrl: 'http://page.example/',
    })
    // The playlist's URL has the query as well, for a server that does not know the session any more.
    expect(variant!.uri).toBe(`show.m3u8?session=${id}&token=a%2Fb&x=1`)
    expect(segments[0]!.uri).not.toContain('token')
    expect([...server.hls.viewers]).toMatchObject([
      { id, streamPath: '/live/show', remoteAddress: '192.0.2.7' },
    ])
  })

  it.each([
    ['a reject', () => reject('not today'), 403, 'not today\n'],
    ['a redirect', () => redirect('http://b/live/show.m3u8'), 302, 'http://b/live/show.m3u8\n'],
    ['a redirect that HTTP cannot carry', () => redirect('http://b/\r\nX: y'), 500, 'internal error\n'],
    [
      'another name that nobody publishes',
      () => accept({ streamPath: '/live/other' }),
      404,
      'no such stream\n',
    ],
  ])('tells the viewer of %s', async (_, authorize, status, body) => {
    const stage = new Stage({ authorize })
    stage.publish('/live/show')
    expect(await new HlsServer(stage).fetch('/live/show.m3u8')).toMatchObject({ status, body })
  })

  it('is told once when a viewer has left, is kicked, or never came to be', async () => {
    const ended: string[] = []
    const stage = new Stage({
      authorize: (request) => accept({ onEnd: () => ended.push(request.query['name']!) }),
    })
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage)
    const { answer } = await server.waiting('/live/show.m3u8?name=a')
    encoder.send()
    await answer
    const path = await server.enter('/live/show.m3u8?name=b')
    await server.fetch('/live/show.m3u8?name=head', { method: 'HEAD' })
    expect(ended).toEqual(['head'])
    server.hls.kick(new URL(path, 'http://a').searchParams.get('session')!)
    expect(ended).toEqual(['head', 'b'])
    stage.clock.advance(32_000)
    expect(ended).toEqual(['head', 'b', 'a'])
    await server.hls.close()
    expect(ended).toHaveLength(3)
  })

  it('leaves a parameter of the same name to the application', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage)
    const { answer } = await server.waiting('/live/show.m3u8?session=my.own.token&y=2')
    encoder.send()
    const [variant] = multivariant((await answer).body).variants
    expect(asked[0]!.query).toEqual({ session: 'my.own.token', y: '2' })
    expect(variant!.uri).toMatch(/^show\.m3u8\?session=[\w-]{16}&y=2$/)
    await server.media(resolvePath('/live/show.m3u8', variant!.uri))
    expect(server.hls.viewerCount).toBe(1)
  })

  it('is bounded for each address and each /64 network', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { maxViewersPerAddress: 1, trustProxy: true })
    const from = (address: string): { headers: Record<string, string> } => ({
      headers: { 'X-Forwarded-For': address },
    })
    const { answer } = await server.waiting('/live/show.m3u8', from('2001:db8::1'))
    expect(await server.status('/live/show.m3u8', from('2001:db8:0:0:ffff::2'))).toBe(503)
    encoder.send()
    expect((await answer).status).toBe(200)
    const statuses = []
    for (const address of ['2001:db8::2', '2001:db8:0:1::2', '192.0.2.7', '192.0.2.7', '192.0.2.8']) {
      statuses.push(await server.status('/live/show.m3u8', from(address)))
    }
    expect(statuses).toEqual([503, 200, 200, 503, 200])
    stage.clock.advance(32_000)
    expect(await server.status('/live/show.m3u8', from('192.0.2.7'))).toBe(200)
  })

  it('is bounded by maxViewers, those who wait included', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show')
    const server = new HlsServer(stage, { maxViewers: 2 })
    const first = await server.waiting()
    const second = await server.waiting()
    const third = await server.fetch('/live/show.m3u8')
    expect(third).toMatchObject({ status: 503, body: 'too many viewers\n' })
    expect(third.headers['retry-after']).toBe('10')
    encoder.send()
    expect([await first.answer, await second.answer]).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(await server.status('/live/show.m3u8')).toBe(503)
    stage.clock.advance(32_000)
    expect(await server.status('/live/show.m3u8')).toBe(200)
  })
})

describe('without sessions', () => {
  it('playlists and segments are the same for everybody, and nobody is counted', async () => {
    const asked: AccessRequest[] = []
    const ended: string[] = []
    const stage = new Stage({
      authorize: (request) => {
        asked.push(request)
        return accept({ streamPath: '/live/show', onEnd: () => ended.push(request.streamName) })
      },
    })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { sessions: false })
    const { answer } = await server.waiting('/live/show.m3u8')
    encoder.send()
    expect((await answer).headers['cache-control']).toBe('public, max-age=1')
    await settle()
    const playlist = await server.media('/live/show.m3u8')
    const other = await server.media('/other/app/key.m3u8?vhost=a')
    const sequence = playlist.mediaSequence
    expect(playlist.segments.map(({ uri }) => uri)).toEqual([0, 1, 2].map((i) => `show/${sequence + i}.ts`))
    expect(other.segments[0]!.uri).toBe(`../../live/show/${sequence}.ts?vhost=a`)
    expect(asked).toHaveLength(3)
    expect(ended).toEqual(['show', 'show', 'key'])
    const segment = await server.get(resolvePath('/other/app/key.m3u8', other.segments[0]!.uri))
    expect(segment.headers['cache-control']).toContain('immutable')
    expect(codecsIn(Buffer.concat(await segment.toArray()))).toEqual(['avc1', 'mp4a'])
    expect(await server.status('/live/show/12.ts')).toBe(404)
    // Streams that are called by a number, for another handler.
    expect(await server.status('/live/others/12.ts')).toBe(418)
    expect(await server.status('/live/show/x/12.ts')).toBe(418)
    expect(asked).toHaveLength(3)
    expect(server.hls.viewerCount).toBe(0)
    stage.clock.advance(62_000)
    await settle()
    expect(stage.hub.source('/live/show')!.stats().consumers).toBe(0)
  })
})

describe('viewers', () => {
  it('are counted by their source, and no longer when they are silent', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    const source = stage.hub.source('/live/show')!
    expect(source.stats().viewers).toBe(0)
    encoder.send()
    await answer
    const path = await server.enter()
    expect(source.stats().viewers).toBe(2)
    expect(server.hls.viewerCount).toBe(2)
    stage.clock.advance(29_000)
    await server.media(path)
    stage.clock.advance(2_000)
    expect(source.stats().viewers).toBe(1)
    stage.clock.advance(30_000)
    expect(source.stats().viewers).toBe(0)
  })

  it('that come back after they were forgotten are admitted anew, by one request', async () => {
    const asked: AccessRequest[] = []
    const stage = new Stage({ authorize: (request) => asked.push(request) > 0 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting('/live/show.m3u8?token=7')
    encoder.send()
    const path = resolvePath('/live/show.m3u8', multivariant((await answer).body).variants[0]!.uri)
    const before = await server.media(path)
    stage.clock.advance(32_000)
    expect(server.hls.viewerCount).toBe(0)
    expect(await server.status(resolvePath(path, before.segments[0]!.uri))).toBe(404)

    const after = await server.media(path)
    expect(after.segments.map(({ uri }) => uri.split('?')[0])).toEqual(
      before.segments.map(({ uri }) => uri.split('?')[0]),
    )
    expect(asked).toHaveLength(2)
    expect(asked[1]).toMatchObject({ query: { token: '7' }, param: '?token=7' })
    expect(Object.keys(asked[1]!.query)).toEqual(['token'])
    expect(server.hls.viewerCount).toBe(1)
    expect(await server.status(resolvePath(path, before.segments[0]!.uri))).toBe(200)
    expect(await server.status(resolvePath(path, after.segments[0]!.uri))).toBe(200)
    await server.media(path)
    expect(asked).toHaveLength(2)
    // A kick holds for both ids.
    const [viewer] = server.hls.viewers
    server.hls.kick(viewer!.id)
    expect(await server.status(path)).toBe(404)
  })

  it('do not choose their session: who made one up does not share it', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const asked: AccessRequest[] = []
    stage.hub.setOptions({ authorize: (request) => asked.push(request) > 0 })
    const server = new HlsServer(stage, { trustProxy: true })
    const link = '/live/show.m3u8?session=AAAAAAAAAAAAAAAA'
    const from = (address: string): { headers: Record<string, string> } => ({
      headers: { 'X-Forwarded-For': address },
    })
    const { answer } = await server.waiting(link, from('192.0.2.7'))
    encoder.send()
    expect((await answer).body).not.toContain('AAAAAAAAAAAAAAAA')
    expect(server.hls.viewer('AAAAAAAAAAAAAAAA')).toBe(undefined)
    expect(asked.map(({ clientId }) => clientId)).not.toContain('AAAAAAAAAAAAAAAA')
    // The victim goes on with one admission; whoever sent the link is admitted for itself.
    await server.fetch(link, from('192.0.2.7'))
    expect(asked).toHaveLength(1)
    await server.fetch(link, from('198.51.100.1'))
    expect(asked).toHaveLength(2)
    expect(server.hls.viewerCount).toBe(2)
  })

  it('of a server that was restarted go on', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const old = new HlsServer(stage)
    const { answer } = await old.waiting()
    encoder.send()
    const path = resolvePath('/live/show.m3u8', multivariant((await answer).body).variants[0]!.uri)
    await old.hls.close()

    const restarted = new HlsServer(stage, { mode: 'always' })
    await settle()
    const { endList } = await restarted.media(path)
    expect(endList).toBe(false)
    expect(restarted.hls.viewerCount).toBe(1)
  })

  it('that were kicked stay out, and others cannot be made of their sessions', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const path = await server.enter()
    const { segments } = await server.media(path)
    const id = new URL(path, 'http://a').searchParams.get('session')!
    expect(server.hls.kick(id)).toBe(true)
    expect(server.hls.kick(id)).toBe(false)
    expect(await server.fetch(path)).toMatchObject({ status: 404, body: 'no such session\n' })
    expect(await server.status(resolvePath(path, segments[0]!.uri))).toBe(404)
    expect(server.hls.viewerCount).toBe(1)
  })

  it('that ask twice at once for a session that is gone count once', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const path = '/live/show.m3u8?session=AAAAAAAAAAAAAAAA'
    const [one, two] = [await server.waiting(path), await server.waiting(path)]
    encoder.send()
    expect([await one.answer, await two.answer]).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(server.hls.viewerCount).toBe(1)
    expect(stage.hub.source('/live/show')!.stats().viewers).toBe(1)
    stage.clock.advance(32_000)
    expect(stage.hub.source('/live/show')!.stats().viewers).toBe(0)
  })
})

describe('a stream', () => {
  it('that is published again within the grace time goes on, with a discontinuity', async () => {
    const stage = new Stage({ graceMs: 20_000 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const path = await server.enter()
    const before = await server.media(path)
    encoder.unpublish()
    await settle()
    const between = await server.media(path)
    // What was left is shown at once: nothing says when there will be more.
    expect(between.segments).toHaveLength(before.segments.length + 1)
    expect(between.endList).toBe(false)

    stage.clock.advance(5_000)
    stage.publish('/live/show', Infinity)
    await settle()
    const after = await server.media(path)
    expect(after.mediaSequence).toBe(before.mediaSequence)
    expect(after.endList).toBe(false)
    const marks = after.segments.map(({ discontinuity }) => discontinuity === true)
    expect(marks.slice(1).filter(Boolean)).toHaveLength(1)
    expect(marks[between.segments.length]).toBe(true)
    expect(server.hls.viewerCount).toBe(2)
  })

  it('that is over and published again goes on for those who stayed, with a discontinuity', async () => {
    const stage = new Stage({ graceMs: 0 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { viewerTimeoutMs: 120_000 })
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const path = await server.enter()
    encoder.unpublish()
    stage.clock.advance(0)
    await settle()
    expect(stage.hub.source('/live/show')).toBe(undefined)
    const between = await server.media(path)
    expect(between.endList).toBe(false)
    expect(await server.status('/live/show.m3u8')).toBe(404) // nobody new is let in meanwhile

    stage.clock.advance(59_000)
    stage.publish('/live/show', Infinity, 'audio-only-aac.flv')
    stage.clock.advance(1_000)
    await settle()
    const after = await server.media(path)
    expect(after.endList).toBe(false)
    expect(after.mediaSequence).toBe(between.mediaSequence)
    const marks = after.segments.map(({ discontinuity }) => discontinuity === true)
    expect(marks.lastIndexOf(true)).toBe(between.segments.length)
    // It has the tracks of the new publisher alone.
    const segment = await server.get(resolvePath(path, after.segments.at(-1)!.uri))
    expect(codecsIn(Buffer.concat(await segment.toArray()))).toEqual(['mp4a'])
    const source = stage.hub.source('/live/show')!
    expect(source.stats().viewers).toBe(2)
    expect([...server.hls.viewers].map((viewer) => viewer.source)).toEqual([source, source])
    // Those who come now see the same playlist.
    expect(await server.media(await server.enter())).toMatchObject({ mediaSequence: after.mediaSequence })
    stage.clock.advance(122_000)
    expect(source.stats().viewers).toBe(0)
  })

  it('that is published again after its EXT-X-ENDLIST takes that back', async () => {
    const stage = new Stage({ graceMs: 0 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { mode: 'always', endListMs: 0 })
    await settle()
    encoder.send()
    const path = await server.enter()
    for (let round = 1; round <= 3; round++) {
      stage.hub.source('/live/show')!.close()
      await settle()
      stage.clock.advance(1_000)
      await settle()
      expect((await server.media(path)).endList).toBe(true)
      stage.publish('/live/show', Infinity)
      await settle()
      const { endList, segments } = await server.media(path)
      expect(endList).toBe(false)
      expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(round + 1)
    }
  })

  it('that is made for those who ask is asked for again while viewers stay', async () => {
    let made = 0
    const stage: Stage = new Stage({
      graceMs: 0,
      resolveSource: (streamPath) => {
        made++
        // The first time and the third: in between the origin is away.
        return Promise.resolve(made === 2 ? undefined : stage.hub.publish(streamPath).source)
      },
    })
    const server = new HlsServer(stage, { firstSegmentWaitMs: 60_000 })
    const { answer } = await server.waiting()
    const send = async (): Promise<void> => {
      const { publisher } = stage.hub.source('/live/show')!
      for (const packet of packetsOf('avc-aac-bframes.flv')) publisher!.write(packet)
      await settle()
    }
    await send()
    expect((await answer).status).toBe(200)
    stage.hub.source('/live/show')!.close()
    await settle()
    for (let second = 0; second < 3; second++) {
      stage.clock.advance(1_000)
      await settle()
    }
    expect(made).toBe(3)
    await send()
    const [viewer] = server.hls.viewers
    const { segments } = await server.media(`/live/show.m3u8?session=${viewer!.id}`)
    expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(2)
    await server.hls.close()
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('that is over ends its playlist, which stays for a while', async () => {
    const stage = new Stage({ graceMs: 0 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { endListMs: 10_000, endedMs: 20_000 })
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const path = await server.enter()
    encoder.unpublish()
    stage.clock.advance(0)
    await settle()
    stage.clock.advance(9_000)
    await settle()
    expect((await server.media(path)).endList).toBe(false)
    stage.clock.advance(2_000)
    await settle()
    expect((await server.media(path)).endList).toBe(true)
    stage.clock.advance(19_000)
    expect((await server.media(path)).endList).toBe(true)
    stage.clock.advance(3_000)
    await settle()
    expect(await server.status(path)).toBe(404)
    expect(server.hls.viewerCount).toBe(0)
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('that is published again later is another one, and does not lose its files to the old one', async () => {
    const files = new Map<string, Uint8Array>()
    const store = {
      put: (key: string, bytes: Uint8Array) => Promise.resolve(void files.set(key, bytes)),
      get: (key: string) => Promise.resolve(files.get(key)),
      delete: (key: string) => Promise.resolve(void files.delete(key)),
    }
    const stage = new Stage({ graceMs: 0 })
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { mode: 'always', store, endListMs: 1_000, endedMs: 1_000 })
    await settle()
    encoder.send()
    await settle()
    encoder.unpublish()
    stage.clock.advance(0)
    await settle()
    stage.clock.advance(2_000)
    await settle()
    const old = media(Buffer.from(files.get('live/show.m3u8')!).toString())
    expect(old.endList).toBe(true)
    // The disk is slow to remove it.
    store.delete = async (key) => {
      await settle(100)
      files.delete(key)
    }
    stage.clock.advance(2_000)

    const again = stage.publish('/live/show', 0)
    again.send()
    await settle()
    const now = media(Buffer.from(files.get('live/show.m3u8')!).toString())
    expect(now.endList).toBe(false)
    expect(now.mediaSequence).toBeGreaterThanOrEqual(old.mediaSequence + old.segments.length)
    await settle(200)
    // The old one was removed by now.
    expect(files.has(`live/${old.segments[0]!.uri}`)).toBe(false)
    expect(files.has('live/show.m3u8')).toBe(true)
    for (const { uri } of now.segments) expect(files.has(`live/${uri}`)).toBe(true)
    await server.hls.close()
    expect([...files.keys()]).toEqual([])
  })

  it('that nobody watches is packaged no more, and starts again for the next viewer', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const store = new MemorySegmentStore()
    const server = new HlsServer(stage, { idleMs: 40_000, store })
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const source = stage.hub.source('/live/show')!
    expect(source.stats().consumers).toBe(1)
    stage.clock.advance(39_000)
    await settle()
    expect(source.stats()).toMatchObject({ consumers: 1, viewers: 0 })
    expect(store.size).toBe(4)
    stage.clock.advance(3_000)
    await settle()
    expect([store.size, store.bytes]).toEqual([0, 0])
    expect(source.stats().consumers).toBe(0)
    expect(stage.clock.pending).toBe(0)

    expect((await server.fetch('/live/show.m3u8', { method: 'OPTIONS' })).status).toBe(204)
    const { answer: next } = await server.waiting()
    expect(source.stats().consumers).toBe(1)
    stage.clock.advance(20_000)
    await next
  })

  it('is packaged from its publish on when the mode says so, also when it was there before', async () => {
    const stage = new Stage()
    const early = stage.publish('/live/early', 0)
    const segments: PackagedSegment[] = []
    const server = new HlsServer(stage, { mode: 'always' })
    server.hls.on('segment', (segment, source) => {
      expect(source.streamPath).toMatch(/^\/live\//)
      segments.push(segment)
    })
    const late = stage.publish('/live/late', 0)
    await settle()
    early.send()
    late.send()
    await settle()
    const path = await server.enter('/live/early.m3u8')
    expect((await server.media(path)).segments).toHaveLength(3)
    expect(segments.map(({ playlistKey }) => playlistKey).toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'live/early.m3u8'),
      ...Array.from({ length: 3 }, () => 'live/late.m3u8'),
    ])
    stage.clock.advance(1_000_000)
    await settle()
    expect(stage.hub.source('/live/late')!.stats().consumers).toBe(1)
    await server.hls.close()
    expect(stage.hub.source('/live/late')!.stats().consumers).toBe(0)
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('cannot always be packaged without one hub', () => {
    const stage = new Stage()
    expect(() => new HlsHandler({ hub: () => stage.hub, mode: 'always' })).toThrow(TypeError)
  })
})

describe('requests', () => {
  it.each([
    '/live/show.mp4',
    '/show.m3u8',
    '/live/show',
    '/',
    '/live/show/12.ts',
    '/live/show/x.ts?session=1',
  ])('%s is left to others', async (path) => {
    expect(await live().server.status(path)).toBe(418)
  })

  it.each([
    ['/live/show/12.ts?session=AAAAAAAAAAAAAAAA', 404],
    ['/live/show/12.ts?session=', 404],
    ['/live/%zz.m3u8', 400],
    ['/live/../etc/passwd.m3u8', 400],
    ['/live/%2e%2e%2fetc.m3u8', 400],
    ['/live/nobody.m3u8', 404],
    ['/live/nobody.m3u8?session=AAAAAAAAAAAAAAAA', 404],
  ])('%s is a %i', async (path, status) => {
    expect(await live().server.status(path)).toBe(status)
  })

  it('may be HEAD and OPTIONS, and nothing else but GET', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage)
    const { answer } = await server.waiting('/live/show.m3u8', { method: 'HEAD' })
    encoder.send()
    const head = await answer
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(head.headers['content-type']).toBe('application/vnd.apple.mpegurl')
    expect(head.headers['content-length']).toBeUndefined()
    expect(server.hls.viewerCount).toBe(0)

    const path = await server.enter()
    const { segments } = await server.media(path)
    const segment = await server.fetch(resolvePath(path, segments[0]!.uri), { method: 'HEAD' })
    expect(segment).toMatchObject({ status: 200, body: '' })
    expect(Number(segment.headers['content-length'])).toBeGreaterThan(1_000)
    expect(await server.status('/live/show.m3u8', { method: 'OPTIONS' })).toBe(204)
    expect(await server.status('/live/show.m3u8', { method: 'POST' })).toBe(405)
  })

  it('for a segment that the store cannot read fail alone', async () => {
    const store = new MemorySegmentStore()
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { store })
    const { answer } = await server.waiting()
    encoder.send()
    await answer
    const path = await server.enter()
    const { segments } = await server.media(path)
    const segment = resolvePath(path, segments[0]!.uri)
    store.get = () => Promise.reject(new Error('EIO'))
    expect(await server.fetch(segment)).toMatchObject({ status: 500, body: 'internal error\n' })
    expect((await server.hls.fetch(new Request(`http://a${segment}`)))!.status).toBe(500)
    expect(await server.status(path)).toBe(200)
  })

  it('for names that nobody publishes leave nothing behind', async () => {
    const stage = new Stage({ publisherWaitMs: 1_000 })
    const server = new HlsServer(stage)
    const answers = Array.from({ length: 200 }, (_, i) => server.status(`/live/random${i}.m3u8`))
    await settle()
    stage.clock.advance(1_000)
    expect(new Set(await Promise.all(answers))).toEqual(new Set([404]))
    expect(stage.hub.stats()).toMatchObject({ sources: 0, waiting: 0, deciding: 0 })
    expect(server.hls.viewerCount).toBe(0)
    expect(stage.clock.pending).toBe(0)
  })

  it('have a prefix', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const server = new HlsServer(stage, { prefix: '/media/' })
    const { answer } = await server.waiting('/media/live/show.m3u8')
    encoder.send()
    expect((await answer).status).toBe(200)
    const path = await server.enter('/media/live/show.m3u8')
    const { segments } = await server.media(path)
    expect(await server.status(resolvePath(path, segments[0]!.uri))).toBe(200)
    expect(await server.status('/live/show.m3u8')).toBe(418)
    expect(await server.status('/live/%zz.m3u8')).toBe(418)
  })

  it('leave no listeners at a signal that lives long', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const { hls } = new HlsServer(stage)
    const request = new Request('http://a/live/show.m3u8')
    const before = getEventListeners(request.signal, 'abort').length
    const answer = hls.fetch(request)
    await settle()
    encoder.send()
    expect((await answer)!.status).toBe(200)
    expect(getEventListeners(request.signal, 'abort').length).toBe(before)
  })

  it('of fetch-style frameworks get the same', async () => {
    const stage = new Stage()
    const encoder = stage.publish('/live/show', 0)
    const { hls } = new HlsServer(stage)
    const get = (path: string, method = 'GET'): Promise<Response | undefined> =>
      hls.fetch(new Request(`http://example.com${path}`, { method }), '192.0.2.7')
    const waiting = get('/live/show.m3u8')
    await settle()
    encoder.send()
    const [variant] = multivariant(await (await waiting)!.text()).variants
    const path = resolvePath('/live/show.m3u8', variant!.uri)
    const { segments } = media(await (await get(path))!.text())
    const segment = (await get(resolvePath(path, segments[0]!.uri)))!
    expect(segment.headers.get('content-type')).toBe('video/mp2t')
    const bytes = Buffer.from(await segment.arrayBuffer())
    expect(bytes.length).toBe(Number(segment.headers.get('content-length')))
    expect(codecsIn(bytes)).toEqual(['avc1', 'mp4a'])
    expect((await get(resolvePath(path, segments[0]!.uri), 'HEAD'))!.body).toBe(null)
    expect((await get('/live/%zz.m3u8'))!.status).toBe(400)
    expect(await get('/live/show.html')).toBe(undefined)
    expect(await get('/live/%zz.html')).toBe(undefined)
    expect((await get('/live/nobody.m3u8'))!.status).toBe(404)
  })

  it('that wait when the handler closes are turned away', async () => {
    const { stage, server } = live()
    const { answer } = await server.waiting()
    await server.hls.close()
    expect((await answer).status).toBe(503)
    expect(await server.status('/live/show.m3u8')).toBe(503)
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })
})
