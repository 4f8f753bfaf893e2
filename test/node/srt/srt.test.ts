/** Publishers and players over SRT, on loopback sockets. */
import { type AccessRequest, Hub, reject } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { inRealTime, SrtClient, SrtServer, type SrtServerOptions } from 'millrace/node'
import { SRT_REJECTION } from 'millrace/srt'
import { describe, expect, it, onTestFinished } from 'vitest'
import { packetsOf } from '../http/http-harness.ts'

const CLIP = packetsOf('avc-aac-bframes.flv')

interface Running {
  readonly hub: Hub
  readonly server: SrtServer
  readonly url: (streamId: string) => string
}

async function running(
  options: Partial<SrtServerOptions> = {},
  hub = new Hub({ graceMs: 0, publisherWaitMs: 0 }),
): Promise<Running> {
  const server = new SrtServer({ hub, session: { receiveLatencyMs: 20 }, ...options })
  onTestFinished(async () => {
    await server.close()
    hub.close()
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  return { hub, server, url: (streamId) => `srt://127.0.0.1:${port}?latency=20&streamid=${streamId}` }
}

async function collected(packets: AsyncIterable<MediaPacket>): Promise<MediaPacket[]> {
  const found: MediaPacket[] = []
  for await (const packet of packets) found.push(packet)
  return found
}

/** Presentation times of one kind after the first, whole ms: a transport stream has a clock of its own. */
function distances(packets: readonly MediaPacket[], kind: 'audio' | 'video'): number[] {
  const times = packets.filter((packet) => packet.kind === kind && packet.coded).map(({ pts }) => pts)
  return times.map((time) => Math.round(time - times[0]!))
}

describe('SrtServer', () => {
  it('a publisher and a player', async () => {
    const { hub, server, url } = await running()
    const publisher = await SrtClient.connect(url('#!::r=live/show,m=publish'))
    const received = collected(hub.source('/live/show')!.consume())
    const played = collected(await SrtClient.connect(url('live/show')))
    const second = CLIP.filter(({ dts }) => dts < 1000)
    await publisher.send(inRealTime(second))
    await publisher.close()
    const sent = distances(second, 'video')
    expect(distances(await received, 'video')).toEqual(sent)
    expect(distances(await played, 'video')).toEqual(sent)
    expect((await publisher.closed).error).toBeUndefined()
    await expect.poll(() => server.connections).toEqual([])
  })

  it('asks the hub in the words of every door', async () => {
    const requests: AccessRequest[] = []
    const { url } = await running(
      {},
      new Hub({
        authorize(request) {
          requests.push(request)
          return reject('not today')
        },
      }),
    )
    await expect(
      SrtClient.connect(url('#!::h=a.example,r=live/show?token=t,u=me,s=secret,m=publish')),
    ).rejects.toMatchObject({ code: 'ERR_SRT_REJECTED' })
    expect(requests).toMatchObject([
      {
        action: 'publish',
        protocol: 'srt',
        vhost: 'a.example',
        app: 'live',
        streamName: 'show',
        streamPath: '/live/show',
        query: { token: 't', user: 'me', session: 'secret' },
        remoteAddress: '127.0.0.1',
        secure: false,
      },
    ])
  })

  it.each([
    ['#!::r=live/none,m=request', SRT_REJECTION.notFound],
    ['#!::r=live/show,m=bidirectional', SRT_REJECTION.badMode],
    ['#!::r=live/show,t=file', SRT_REJECTION.badStreamId],
    ['', SRT_REJECTION.badStreamId],
  ])('refuses %j with %i', async (streamId, reason) => {
    const { url } = await running()
    await expect(SrtClient.connect(url(streamId))).rejects.toThrow(String(reason))
  })

  it('refuses a second publisher', async () => {
    const { url } = await running()
    const first = await SrtClient.connect(url('publish:live/show'))
    await expect(SrtClient.connect(url('publish:live/show'))).rejects.toThrow(String(SRT_REJECTION.conflict))
    await first.close()
  })

  it('takes plain text and no id as it is told', async () => {
    const { hub, url } = await running({
      defaultMode: 'publish',
      defaultApp: 'show',
      defaultStreamId: 'camera',
    })
    const first = await SrtClient.connect(url('a'))
    const second = await SrtClient.connect(url('').replace(/&streamid=$/, ''))
    expect(
      [hub.source('/show/a'), hub.source('/show/camera')].map((source) => source?.publisher !== undefined),
    ).toEqual([true, true])
    await Promise.all([first.close(), second.close()])
  })

  it('encrypts, and tells nobody of a publisher with the wrong passphrase', async () => {
    const { hub, server, url } = await running({
      passphrase: ({ streamName }) => `passphrase-of-${streamName}`,
    })
    const published: string[] = []
    hub.on('publish', ({ streamPath }) => published.push(streamPath))
    const id = url('publish:live/show')
    await expect(SrtClient.connect(`${id}&passphrase=another-passphrase`)).rejects.toThrow(
      String(SRT_REJECTION.badSecret),
    )
    await expect(SrtClient.connect(id)).rejects.toThrow(String(SRT_REJECTION.unsecure))
    expect(published).toEqual([])
    const client = await SrtClient.connect(`${id}&pbkeylen=32`, { passphrase: 'passphrase-of-show' })
    expect(published).toEqual(['/live/show'])
    await client.send(CLIP.slice(0, 40))
    await expect
      .poll(() => server.connections[0]?.publisher?.source.stats().receivedPackets ?? 0)
      .toBeGreaterThan(10)
    expect(server.connections[0]!.statistics().pktRcvUndecrypt).toBe(0)
    await client.close()
  })

  it('ends a publisher whose stream is taken over, and everyone at its close', async () => {
    const { hub, server, url } = await running()
    const first = await SrtClient.connect(url('publish:live/show'))
    hub.source('/live/show')!.publisher!.kick()
    expect((await first.closed).error).toBeUndefined()
    const second = await SrtClient.connect(url('publish:live/show'))
    await server.close()
    expect((await second.closed).reason).toMatch(/peer ended/)
  })
})

describe('SrtClient', () => {
  it('gives up where nobody listens', async () => {
    const { server, url } = await running()
    const to = url('a')
    await server.close()
    await expect(SrtClient.connect(to, { session: { connectTimeoutMs: 300 } })).rejects.toMatchObject({
      code: 'ERR_SRT_CONNECT_TIMEOUT',
    })
  })

  it('ends by a signal', async () => {
    const { url } = await running()
    const abort = new AbortController()
    const client = await SrtClient.connect(url('publish:live/show'), { signal: abort.signal })
    abort.abort()
    expect((await client.closed).error?.name).toBe('AbortError')
    await expect(SrtClient.connect(url('a'), { signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it.each(['http://127.0.0.1:1', 'srt://127.0.0.1', 'srt://:1', 'srt://127.0.0.1:70000'])(
    'does not call %s',
    async (url) => {
      await expect(SrtClient.connect(url)).rejects.toThrow(TypeError)
    },
  )
})
