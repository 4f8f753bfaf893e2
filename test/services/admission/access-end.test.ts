/** Whoever lets a peer in hears of its end once, at every door and by every way out. */
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { demuxFlv } from 'millrace/flv'
import { accept, type AccessRequest, Hub, type HubOptions, type Publisher, VirtualClock } from 'millrace/hub'
import { LiveHandler } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { describe, expect, it, onTestFinished } from 'vitest'
import { World } from '../../node/memory-world.ts'
import { readClip } from '../../support/clips.ts'
import { never, request } from '../requests.ts'

/** An `authorize` that lets everybody in, and what became of them. */
class Book {
  readonly log: string[] = []
  readonly requests: AccessRequest[] = []

  get authorize(): NonNullable<HubOptions['authorize']> {
    return (asked) => {
      this.requests.push(asked)
      this.log.push(`${asked.action} ${asked.streamName}`)
      return accept({ onEnd: () => void this.log.push(`end ${asked.streamName}`) })
    }
  }

  /** Waits for sockets, not for time. */
  async until(line: string): Promise<void> {
    for (let tries = 0; !this.log.includes(line); tries++) {
      if (tries > 100_000) throw new Error(`no "${line}" in ${this.log.join()}`)
      await turn()
    }
  }
}

describe('the hub', () => {
  it('ends an answer that comes too late, once', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    let answer!: (decision: ReturnType<typeof accept>) => void
    const hub = new Hub({ authorize: () => new Promise((resolve) => (answer = resolve)) }, clock)
    const decided = hub.authorize(request(), never)
    clock.advance(10_000)
    expect(await decided).toMatchObject({ type: 'reject' })
    answer(accept({ onEnd: () => void log.push('end') }))
    await turn()
    expect(log).toEqual(['end'])
  })

  it('ends one whose peer has gone meanwhile', async () => {
    const gone = new AbortController()
    const book = new Book()
    const hub = new Hub({
      authorize: async (...asked) => {
        await turn()
        return await book.authorize(...asked)
      },
    })
    const decided = hub.authorize(request(), gone.signal)
    gone.abort()
    expect(await decided).toMatchObject({ type: 'reject' })
    await book.until('end show')
  })

  it('calls it once however often it is told, and reports what it throws', async () => {
    const errors: unknown[] = []
    let calls = 0
    const broken = (): never => {
      calls++
      throw new Error('broken')
    }
    const hub = new Hub({ authorize: () => accept({ onEnd: broken }) })
    hub.on('authorizeError', (error) => errors.push(error))
    const decision = (await hub.authorize(request(), never)) as { onEnd(): void }
    decision.onEnd()
    decision.onEnd()
    expect([calls, errors]).toEqual([1, [new Error('broken')]])
  })
})

describe('RTMP', () => {
  async function world(hub: HubOptions = {}) {
    const book = new Book()
    return { book, world: new World({ hub: { ...hub, authorize: book.authorize } }) }
  }

  it.each<[string, (publisher: Awaited<ReturnType<World['publish']>>, world: World) => void]>([
    ['leaves', (publisher) => publisher.leave()],
    ['vanishes', (publisher) => publisher.vanish()],
    ['is kicked', (_, { hub }) => hub.source('/live/show')!.publisher!.kick()],
    ['loses its stream', (_, { hub }) => void hub.publish('/live/show', { takeOver: true })],
    ['is closed', (publisher) => publisher.connection.close('enough')],
    ['is there when the hub closes', (_, { hub }) => hub.close()],
  ])('a publisher that %s', async (_, act) => {
    const { book, world: here } = await world()
    const publisher = await here.publish()
    expect(here.hub.source('/live/show')!.publisher!.request).toBe(book.requests[0])
    act(publisher, here)
    await here.settle()
    expect(book.log).toEqual(['publish show', 'end show'])
  })

  it.each<[string, (player: Awaited<ReturnType<World['play']>>, world: World) => void]>([
    ['leaves', (player) => player.leave()],
    ['vanishes', (player) => player.vanish()],
    ['outlives its source', (_, { hub }) => hub.source('/live/show')!.close()],
  ])('a player that %s', async (_, act) => {
    const { book, world: here } = await world()
    here.hub.publish('/live/show')
    const player = await here.play()
    act(player, here)
    await here.settle()
    expect(book.log).toEqual(['play show', 'end show'])
  })

  it('a second publisher that is refused, a player without stream, and one that does not wait', async () => {
    const { book, world: here } = await world({ publisherWaitMs: 5_000 })
    await here.publish()
    await here.publish()
    await here.play('none')
    const impatient = await here.play('other')
    expect(book.log.splice(0)).toEqual([
      'publish show',
      'publish show',
      'end show',
      'play none',
      'play other',
    ])
    impatient.vanish()
    await here.settle()
    expect(book.log.splice(0)).toEqual(['end other'])
    await here.advance(5_000)
    expect(book.log).toEqual(['end none'])
  })

  it('names one connection alike for all it asks, and two connections differently', async () => {
    const { book, world: here } = await world()
    const first = await here.publish('show?token=a b&x=%20')
    await here.publish('other')
    expect(book.requests[0]).toMatchObject({ clientId: first.connection.clientId, param: '?token=a b&x=%20' })
    expect(book.requests[0]!.clientId).toMatch(/^[\w-]{12}$/)
    expect(book.requests[1]!.clientId).not.toBe(first.connection.clientId)
  })
})

describe('HTTP', () => {
  async function serve(book: Book) {
    const hub = new Hub({ authorize: book.authorize, publisherWaitMs: 0, graceMs: 0 })
    const live = new LiveHandler({ hub })
    const hls = new HlsHandler({ hub, targetDurationMs: 500, firstSegmentWaitMs: 200 })
    const server = createServer((asked, answer) => {
      if (!hls.handle(asked, answer) && !live.handle(asked, answer)) answer.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      live.close()
      await hls.close()
      hub.close()
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/show`
    const publish = (): Publisher => {
      const publisher = hub.publish('/live/show')
      for (const packet of demuxFlv(readClip('avc-aac-bframes.flv'))) publisher.write(packet)
      return publisher
    }
    return { hub, live, hls, url, publish }
  }

  const open = (url: string): Promise<IncomingMessage> =>
    new Promise((resolve, fail) => get(url, { agent: false }, resolve).on('error', fail))

  it.each<[string, (response: IncomingMessage, publisher: Publisher, live: LiveHandler) => void]>([
    ['goes away', (response) => response.destroy()],
    [
      'outlives its publisher',
      (response, publisher) => {
        response.resume()
        publisher.unpublish()
      },
    ],
    [
      'is closed',
      (response, _, live) => {
        response.resume()
        live.close()
      },
    ],
  ])('a viewer of HTTP-FLV that %s', async (_, act) => {
    const book = new Book()
    const { live, url, publish } = await serve(book)
    const publisher = publish()
    const response = await open(`${url}.flv?token=a%20b`)
    expect(book.log).toEqual(['play show'])
    act(response, publisher, live)
    await book.until('end show')
    expect(book.requests[0]).toMatchObject({ param: '?token=a%20b', query: { token: 'a b' } })
    expect(book.log).toEqual(['play show', 'end show'])
  })

  it.each(['.flv', '.ts', '.m3u8'])('what is not there, as %s', async (extension) => {
    const book = new Book()
    const { url } = await serve(book)
    const response = await fetch(url + extension)
    expect([response.status, book.log]).toEqual([404, ['play show', 'end show']])
  })

  it('HEAD', async () => {
    const book = new Book()
    const { url, publish } = await serve(book)
    publish()
    expect((await fetch(`${url}.flv`, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(`${url}.m3u8`, { method: 'HEAD' })).status).toBe(200)
    expect(book.log).toEqual(['play show', 'end show', 'play show', 'end show'])
  })

  it('a fetch-style viewer that cancels', async () => {
    const book = new Book()
    const { live, publish } = await serve(book)
    publish()
    const response = await live.fetch(new Request('http://host/live/show.flv'))
    await response!.body!.cancel()
    expect(book.log).toEqual(['play show', 'end show'])
  })

  it('an HLS viewer is asked about once, for all it asks for, and ends when it is kicked', async () => {
    const book = new Book()
    const { hls, url, publish } = await serve(book)
    publish()
    const multivariant = await (await fetch(`${url}.m3u8`)).text()
    const media = new URL(
      multivariant.split('\n').find((line) => line.includes('session='))!,
      `${url}.m3u8`,
    )
    const playlist = await (await fetch(media)).text()
    const segments = playlist.split('\n').filter((line) => /^[^#]/.test(line))
    expect(segments.length).toBeGreaterThan(0)
    for (const segment of segments) expect((await fetch(new URL(segment, media))).status).toBe(200)
    await fetch(media)
    expect(book.log).toEqual(['play show'])
    const [viewer] = hls.viewers
    expect(viewer!.request).toBe(book.requests[0])
    hls.kick(viewer!.id)
    expect(book.log).toEqual(['play show', 'end show'])
  })

  it('each stored segment is announced with its place, the playlist names it by then', async () => {
    const book = new Book()
    const { hls, url, publish } = await serve(book)
    const seen: unknown[] = []
    hls.on('segment', (segment, source) => {
      seen.push([
        segment.key,
        segment.playlistKey,
        source.streamPath,
        segment.byteLength > 0,
        segment.durationSec > 0,
      ])
      throw new Error('a listener that fails costs itself')
    })
    publish()
    const first = await (await fetch(`${url}.m3u8`)).text()
    const media = await (
      await fetch(
        new URL(
          first.split('\n').find((line) => line.includes('session='))!,
          `${url}.m3u8`,
        ),
      )
    ).text()
    const names = Array.from(media.matchAll(/^show\/(\d+)\.ts/gm), ([, number]) => number)
    expect(seen).toEqual(
      names.map((number) => [`live/show/${number}.ts`, 'live/show.m3u8', '/live/show', true, true]),
    )
  })
})
