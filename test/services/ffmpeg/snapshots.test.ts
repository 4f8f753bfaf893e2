import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  accept,
  Hub,
  type HubOptions,
  type Publisher,
  reject,
  type StreamPath,
  VirtualClock,
} from 'millrace/hub'
import { type Snapshot, SnapshotHandler, Snapshots, type SnapshotsOptions } from 'millrace/services/ffmpeg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { audio, inter, key, videoConfig } from '../../hub/fakes.ts'
import { argumentsOf, fakeFfmpeg } from './fake-ffmpeg.ts'

/** In the place of a picture: what ffmpeg was given. */
const COPY = 'exec cat'
const HANG = 'exec sleep 1000'

async function stage(options: Partial<SnapshotsOptions> = {}, code = COPY, hubOptions: HubOptions = {}) {
  const clock = new VirtualClock(1_000_000)
  const hub = new Hub({ publisherWaitMs: 0, ...hubOptions }, clock)
  const ffmpeg = await fakeFfmpeg(code)
  const snapshots = new Snapshots({ hub, clock, ffmpeg, niceness: 0, ...options })
  onTestFinished(() => snapshots.close())
  return { clock, hub, ffmpeg, snapshots }
}

function show(hub: Hub, streamPath: StreamPath = '/live/show'): Publisher {
  const publisher = hub.publish(streamPath)
  for (const packet of [videoConfig(0, 1), key(0, 2), audio(10, 3), inter(40, 4)]) publisher.write(packet)
  return publisher
}

/** FLV header, then the tags that a keyframe needs: their last four body bytes. */
function tagsOf({ jpeg }: Snapshot): number[] {
  const ids: number[] = []
  const bytes = Buffer.from(jpeg)
  for (let at = 13; at < bytes.length;) {
    const end = at + 11 + bytes.readUIntBE(at + 1, 3) // tag header, DataSize
    ids.push(bytes.readUInt32BE(end - 4))
    at = end + 4 // PreviousTagSize
  }
  return ids
}

describe('a picture', () => {
  it('is of the newest keyframe, with its configuration, and nothing else', async () => {
    const { hub, snapshots } = await stage()
    const { source } = show(hub)
    const picture = await snapshots.take(source)
    expect(picture).toMatchObject({ streamPath: '/live/show', pts: 0 })
    expect(tagsOf(picture!)).toEqual([1, 2])
    expect(snapshots.latest(source)).toBe(picture)
    expect(snapshots.stats()).toEqual([
      {
        streamPath: '/live/show',
        takenAtMs: picture!.takenAtMs,
        bytes: picture!.jpeg.length,
        taken: 1,
        problem: undefined,
      },
    ])
  })

  it('is the same for all who ask, until there is a newer keyframe and it has its age', async () => {
    const { clock, hub, snapshots } = await stage({ minAgeMs: 500 })
    const publisher = show(hub)
    const { source } = publisher
    const [first, second] = await Promise.all([snapshots.take(source), snapshots.take(source)])
    expect(second).toBe(first)
    clock.advance(10_000)
    expect(await snapshots.take(source)).toBe(first)
    publisher.write(key(2_000, 5))
    const next = await snapshots.take(source)
    expect(tagsOf(next!)).toEqual([1, 5])
    publisher.write(key(4_000, 6))
    clock.advance(499)
    expect(await snapshots.take(source)).toBe(next)
    clock.advance(1)
    expect(tagsOf((await snapshots.take(source))!)).toEqual([1, 6])
    expect(snapshots.stats()[0]!.taken).toBe(3)
  })

  it('is as large and as good as is asked for; no name is among the arguments', async () => {
    const { hub, snapshots, ffmpeg } = await stage({ width: 320, quality: 9, maxPixels: 1_000 })
    await snapshots.take(show(hub, '/live/-i;x').source)
    const line = (await argumentsOf(ffmpeg)).join(' ')
    expect(line).toContain('-max_pixels 1000 -f flv -i pipe:0')
    expect(line).toContain('scale=320:-2')
    expect(line).toContain('-q:v 9')
    expect(line).not.toContain(';x')
  })

  it('is none without a keyframe, of other streams, and after the end', async () => {
    const { clock, hub, snapshots } = await stage({ match: 'live/*' })
    const silent = hub.publish('/live/silent')
    silent.write(audio(0, 1))
    expect(await snapshots.take(silent.source)).toBeUndefined()
    expect(await snapshots.take(show(hub, '/other/show').source)).toBeUndefined()
    const { source } = show(hub)
    await snapshots.take(source)
    source.publisher!.unpublish()
    expect(snapshots.latest(source)).toBeDefined()
    clock.advance(10_000)
    expect(snapshots.latest(source)).toBeUndefined()
    expect(await snapshots.take(source)).toBeUndefined()
  })

  it('that cannot be made is not tried again with the same keyframe', async () => {
    const { clock, hub, snapshots } = await stage({}, 'echo no frame! >&2; exit 1')
    const problems: string[] = []
    snapshots.on('failure', ({ message }) => problems.push(message))
    const publisher = show(hub)
    for (let i = 0; i < 3; i++) {
      await expect(snapshots.take(publisher.source)).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_FAILED' })
      clock.advance(60_000)
    }
    expect(problems).toEqual(['exited with 1; no frame!'])
    publisher.write(key(2_000, 5))
    await expect(snapshots.take(publisher.source)).rejects.toThrow('no frame!')
    expect(problems).toHaveLength(2)
    expect(snapshots.stats()).toMatchObject([{ taken: 0, problem: 'exited with 1; no frame!' }])
  })
})

describe('bounds', () => {
  it('end a picture that takes too long', async () => {
    const { clock, hub, snapshots } = await stage({ snapshotTimeoutMs: 5_000 }, HANG)
    const taking = snapshots.take(show(hub).source)
    await Promise.resolve()
    clock.advance(4_999)
    expect(snapshots.stats()[0]!.problem).toBeUndefined()
    clock.advance(1)
    await Promise.all([
      expect(taking).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_TIMEOUT' }),
      // SIGKILL, where SIGTERM is not enough.
      Promise.resolve().then(() => clock.advance(100)),
    ])
  })

  it('refuse a picture of more bytes than maxSnapshotBytes', async () => {
    const write = 'cat > /dev/null; head -c 1001 /dev/zero'
    const large = await stage({ maxSnapshotBytes: 1_000 }, write)
    await expect(large.snapshots.take(show(large.hub).source)).rejects.toMatchObject({
      code: 'ERR_SNAPSHOT_BYTES',
    })
    const fitting = await stage({ maxSnapshotBytes: 1_001 }, write)
    expect((await fitting.snapshots.take(show(fitting.hub).source))!.jpeg).toHaveLength(1_001)
  })

  it('let maxConcurrent run and maxWaiting wait', async () => {
    const { hub, snapshots } = await stage({ maxConcurrent: 1, maxWaiting: 1 })
    const [one, two, three] = (['/live/1', '/live/2', '/live/3'] as const).map(
      (path) => show(hub, path).source,
    )
    const running = [snapshots.take(one!), snapshots.take(two!)]
    await expect(snapshots.take(three!)).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_QUEUE' })
    expect((await Promise.all(running)).map((picture) => picture!.streamPath)).toEqual(['/live/1', '/live/2'])
    expect(await snapshots.take(three!)).toMatchObject({ streamPath: '/live/3' })
  })

  it('do not outlive close', async () => {
    const { hub, snapshots } = await stage({ maxConcurrent: 1 }, HANG)
    const running = snapshots.take(show(hub, '/live/1').source)
    const waiting = snapshots.take(show(hub, '/live/2').source)
    await new Promise((resolve) => setImmediate(resolve))
    const closing = snapshots.close()
    await expect(running).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_FAILED' })
    expect(await waiting).toBeUndefined()
    await closing
  })
})

describe('pictures at an interval', () => {
  it('are taken of each stream from its publish on', async () => {
    const { clock, hub, snapshots } = await stage({ intervalMs: 5_000 })
    const taken: number[][] = []
    snapshots.on('snapshot', (picture) => taken.push(tagsOf(picture)))
    const publisher = show(hub)
    clock.advance(5_000)
    await expect.poll(() => taken).toEqual([[1, 2]])
    clock.advance(5_000)
    publisher.write(key(2_000, 5))
    clock.advance(5_000)
    await expect
      .poll(() => taken)
      .toEqual([
        [1, 2],
        [1, 5],
      ])
    publisher.unpublish()
    clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it('are started and stopped for one stream by the API', async () => {
    const { clock, hub, snapshots } = await stage({ match: 'none' })
    const { service } = snapshots
    const target = { vhost: '', source: show(hub).source }
    expect(await snapshots.take(target.source)).toBeUndefined()
    expect(() => service.start(target, { intervalMs: 1 })).toThrow(TypeError)
    await service.start(target, { intervalMs: 2_000 })
    await expect
      .poll(() => service.status!(target))
      .toMatchObject({ taken: 1, bytes: expect.any(Number), takenAt: expect.stringMatching(/Z$/) })
    expect(service.isRunning(target)).toBe(true)
    expect(service.list!()).toHaveLength(1)
    await service.stop(target)
    expect([service.isRunning(target), clock.pending]).toEqual([false, 0])
  })
})

describe('over HTTP', () => {
  async function serve(options: Partial<SnapshotsOptions> = {}, hubOptions: HubOptions = {}, code = COPY) {
    const made = await stage(options, code, hubOptions)
    const handler = new SnapshotHandler({
      hub: made.hub,
      snapshots: made.snapshots,
      clock: made.clock,
      maxRequests: 2,
      viewerTimeoutMs: 5_000,
      maxViewers: 2,
    })
    const server = createServer((request, response) => {
      if (!handler.handle(request, response)) response.writeHead(418).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { ...made, handler, get: (path: string, init?: RequestInit) => fetch(base + path, init) }
  }

  /** With `?key=yes` one is let in to `/live/show`, whatever its name. */
  async function guarded() {
    const asked: string[] = []
    const ends: string[] = []
    const made = await serve(
      {},
      {
        authorize: ({ protocol, streamName, query }) => {
          asked.push(streamName)
          const end = () => ends.push(`${protocol} ${streamName}`)
          return query['key'] === 'yes'
            ? accept({ streamPath: '/live/show', onEnd: end })
            : reject('not yours')
        },
      },
    )
    return { ...made, asked, ends }
  }

  it('is JPEG, never from a cache', async () => {
    const { hub, get } = await serve()
    show(hub)
    const response = await get('/live/show.jpg')
    const body = new Uint8Array(await response.arrayBuffer())
    expect(tagsOf({ jpeg: body } as Snapshot)).toEqual([1, 2])
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('cache-control'),
    ]).toEqual([200, 'image/jpeg', 'no-store'])
    expect(response.headers.get('last-modified')).toMatch(/GMT$/)
    const head = await get('/live/show.JPG', { method: 'HEAD' })
    expect([head.headers.get('content-length'), await head.text()]).toEqual([String(body.length), ''])
  })

  it('is the last one where they are taken at an interval', async () => {
    const { clock, hub, get, snapshots } = await serve({ intervalMs: 60_000 })
    const publisher = show(hub)
    clock.advance(60_000)
    await expect.poll(() => snapshots.latest(publisher.source)).toBeDefined()
    publisher.write(key(2_000, 5))
    clock.advance(10_000)
    const response = await get('/live/show.jpg')
    expect(tagsOf({ jpeg: new Uint8Array(await response.arrayBuffer()) } as Snapshot)).toEqual([1, 2])
  })

  it('is for those whom admission lets play, under the name it gives', async () => {
    const { hub, get, clock, asked, ends } = await guarded()
    show(hub)
    const refused = await get('/live/alias.jpg')
    expect([refused.status, await refused.text()]).toEqual([403, 'not yours\n'])
    expect((await get('/live/alias.jpg?key=yes')).status).toBe(200)
    expect(asked).toHaveLength(2)
    expect(ends).toEqual([])
    clock.advance(5_000)
    expect(ends).toEqual(['snapshot alias'])
    expect(clock.pending).toBe(0)
  })

  it('is for one player, however often it asks; a parameter at makes no difference', async () => {
    const { hub, get, clock, asked, ends } = await guarded()
    show(hub)
    for (let i = 0; i < 4; i++) {
      expect((await get(`/live/show.jpg?key=yes&at=${i}`)).status).toBe(200)
      clock.advance(4_999)
    }
    expect([asked.length, ends.length]).toEqual([1, 0])
    clock.advance(1)
    expect(ends).toHaveLength(1)
    expect((await get('/live/show.jpg?key=yes')).status).toBe(200)
    expect(asked).toHaveLength(2)
  })

  it('is for others when they have been let in, too', async () => {
    const { hub, get, asked } = await guarded()
    show(hub)
    expect((await get('/live/show.jpg?key=yes')).status).toBe(200)
    expect((await get('/live/show.jpg?key=no')).status).toBe(403)
    expect((await get('/live/show.jpg')).status).toBe(403)
    expect((await get('/live/other.jpg?key=yes')).status).toBe(200)
    expect((await get('/live/show.jpg?key=yes', { headers: { authorization: 'Bearer x' } })).status).toBe(200)
    expect(asked).toHaveLength(5)
  })

  it('is asked about anew after ten minutes, and for the next stream of the name', async () => {
    const { hub, get, clock, asked, ends } = await guarded()
    const first = show(hub)
    for (let ms = 0; ms < 600_000; ms += 4_000) {
      await get('/live/show.jpg?key=yes')
      clock.advance(4_000)
    }
    expect([asked.length, ends.length]).toEqual([1, 0])
    await get('/live/show.jpg?key=yes')
    expect([asked.length, ends.length]).toEqual([2, 1])
    first.source.close()
    show(hub)
    expect((await get('/live/show.jpg?key=yes')).status).toBe(200)
    expect([asked.length, ends.length]).toEqual([3, 2])
  })

  it('remembers maxViewers, and none behind close', async () => {
    const { hub, get, clock, ends, handler } = await guarded()
    show(hub)
    for (const n of [1, 2, 1, 3]) await get(`/live/${n}.jpg?key=yes`)
    expect(ends).toEqual(['snapshot 2'])
    handler.close()
    expect(ends.toSorted()).toEqual(['snapshot 1', 'snapshot 2', 'snapshot 3'])
    expect(clock.pending).toBe(0)
  })

  it.each<[string, string, number]>([
    ['GET', '/live/nobody.jpg', 404],
    ['GET', '/live/silent.jpg', 404],
    ['POST', '/live/show.jpg', 405],
    ['OPTIONS', '/live/show.jpg', 204],
    ['GET', '/show.jpg', 418],
    ['GET', '/live/show.png', 418],
    ['GET', '/live/../show.jpg', 418],
  ])('%s %s is answered with %s', async (method, path, status) => {
    const { hub, get } = await serve()
    hub.publish('/live/silent')
    expect((await get(path, { method })).status).toBe(status)
  })

  it('says that it cannot be made without saying why', async () => {
    const { hub, get } = await serve({}, {}, 'echo /secret/path >&2; exit 1')
    show(hub)
    const response = await get('/live/show.jpg')
    expect([response.status, await response.text()]).toEqual([500, 'no picture of it\n'])
  })

  it('is for maxRequests at a time', async () => {
    const { hub, get, snapshots } = await serve({}, {}, HANG)
    show(hub)
    const waiting = [get('/live/show.jpg'), get('/live/show.jpg')]
    await expect.poll(() => snapshots.stats().length).toBe(1)
    await expect.poll(async () => (await get('/live/show.jpg', { method: 'HEAD' })).status).toBe(503)
    await snapshots.close()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([500, 500])
  })
})
