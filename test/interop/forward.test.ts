/** Streams that are forwarded to foreign servers, and pulled from them. */
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { Hub, reject, type Source } from 'millrace/hub'
import { type MediaPacket, packetFromTag, TAG_TYPE_VIDEO } from 'millrace/media'
import { HttpFlvClient, RtmpClient, RtmpServer } from 'millrace/node'
import { Forwarder, type ForwarderOptions, StreamPull, StreamPush } from 'millrace/services/relay'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clip, readClip } from '../support/clips.ts'
import { probePackets } from '../support/ffprobe.ts'
import { loopClip, startLiveServer } from '../support/live-server.ts'
import { startNginxRtmp } from '../support/nginx-rtmp.ts'
import { freePort, run, start } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { TLS } from '../support/tls.ts'
import { describeWithTool, itWithTool, requireTool } from '../support/tools.ts'
import { startNodeMediaServer } from './peers/node-media-server.ts'

const AVC: Clip = 'avc-aac-bframes.flv'

/** Waits longer than the clock: what is tried again comes soon. */
const RETRY = { minMs: 200, maxMs: 400 }

/** A hub with a clip in a loop as `/live/show`. */
function startSource(clip: Clip): { hub: Hub; source: Source } {
  const hub = new Hub({ graceMs: 0 })
  const stop = new AbortController()
  const looping = loopClip(hub, clip, stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await looping
    hub.close()
  })
  return { hub, source: hub.source('/live/show')! }
}

function forward(
  hub: Hub,
  targets: ForwarderOptions['targets'],
  options: Partial<ForwarderOptions> = {},
): Forwarder {
  const forwarder = new Forwarder({ hub, targets: targets ?? [], retry: RETRY, ...options })
  onTestFinished(() => forwarder.close())
  return forwarder
}

async function until(isTrue: () => boolean, what: () => string = () => ''): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(isTrue)} ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function connected(forwarder: Forwarder, count = 1): Promise<void> {
  await until(
    () => forwarder.stats().every(({ state, connects }) => state === 'connected' && connects === count),
    () => JSON.stringify(forwarder.stats()),
  )
}

/** What is played until there are so many coded packets. */
async function play(client: AsyncIterable<MediaPacket>, count = 60): Promise<MediaPacket[]> {
  const packets: MediaPacket[] = []
  for await (const packet of client) {
    packets.push(packet)
    if (packets.filter(({ coded }) => coded).length >= count) break
  }
  return packets
}

function bodies(packets: readonly MediaPacket[]): Set<string> {
  return new Set(
    packets.filter(({ coded }) => coded).map(({ payload }) => Buffer.from(payload).toString('latin1')),
  )
}

/** It begins with a keyframe, and every frame of it is one of the clip's. */
function expectOfClip(packets: readonly MediaPacket[], clip: Clip): void {
  const coded = packets.filter(({ coded: isCoded }) => isCoded)
  expect(coded.find(({ kind }) => kind === 'video')?.keyframe).toBe(true)
  const sent = bodies(demuxFlv(readClip(clip)))
  for (const body of bodies(coded)) expect(sent.has(body)).toBe(true)
  expect(new Set(coded.map(({ kind }) => kind))).toEqual(new Set(['audio', 'video']))
}

describeWithTool(['nginx', 'nginx-rtmp', 'rtmpdump', 'ffprobe'], 'nginx-rtmp', () => {
  const LIVE = 'application live { live on; wait_key on; wait_video on; }'

  it('is forwarded to, and gives what it got to rtmpdump', async () => {
    const { url } = await startNginxRtmp(LIVE, await freePort())
    const { hub } = startSource(AVC)
    const forwarder = forward(hub, [`${url}/live/copy`])
    await connected(forwarder)
    const file = join(await tempFolder(), 'dump.flv')
    const dump = start(requireTool('rtmpdump'), ['-q', '--live', '-r', `${url}/live/copy`, '-o', file])
    await until(() => existsSync(file) && statSync(file).size > 60_000)
    await dump.stop('SIGINT')
    expectOfClip(demuxFlv(await readFile(file)), AVC)
    const [video, audio] = await probePackets(file)
    expect([video, audio].map((line) => line?.split(':')[0])).toEqual(['h264', 'aac'])
  })

  it('that is killed and comes back gets the live edge, from a keyframe', async () => {
    const port = await freePort()
    const first = await startNginxRtmp(LIVE, port)
    const { hub, source } = startSource(AVC)
    const forwarder = forward(hub, [`${first.url}/live/copy`])
    await connected(forwarder)
    await first.process.stop('SIGKILL')
    await until(() => forwarder.stats()[0]!.failure?.code === 'ECONNREFUSED')
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await startNginxRtmp(LIVE, port)
    const playing = RtmpClient.play(`${first.url}/live/copy`)
    const packets = await play(await playing)
    expectOfClip(packets, AVC)
    expect(forwarder.stats()[0]).toMatchObject({ state: 'connected', connects: 2, failure: undefined })
    // Its clock began with the second connection, not with the stream.
    expect(packets.find(({ coded }) => coded)!.dts).toBeLessThan(source.lastDts - 2_000)
  })

  it('is pulled from, also when it is started anew', async () => {
    const port = await freePort()
    const first = await startNginxRtmp(LIVE, port)
    const { hub } = startSource(AVC)
    forward(hub, [`${first.url}/live/show`])
    const here = new Hub()
    const pull = new StreamPull({
      url: `${first.url}/live/show`,
      hub: here,
      streamPath: '/pulled/show',
      retry: RETRY,
    })
    onTestFinished(() => pull.close())
    await until(() => here.source('/pulled/show') !== undefined)
    const consumer = here.source('/pulled/show')!.consume()
    expectOfClip(await play(consumer), AVC)
    const player = here.source('/pulled/show')!.consume()
    await first.process.stop('SIGKILL')
    await until(() => pull.state === 'waiting')
    await startNginxRtmp(LIVE, port)
    await until(() => pull.stats().connects === 2)
    const before = pull.stats().receivedPackets
    await until(() => pull.stats().receivedPackets > before + 50)
    expect(player.ended).toBe(false)
    expect(here.source('/pulled/show')!.stats().publishCount).toBe(2)
    here.close()
  })
})

describe('Node-Media-Server 4.4.3', () => {
  it.each<Clip>([AVC, 'hevc-aac.ertmp.flv', 'av1-opus.ertmp.flv'])('is forwarded %s', async (clip) => {
    const { rtmpUrl, httpUrl } = await startNodeMediaServer(await freePort(), await freePort())
    const { hub } = startSource(clip)
    const forwarder = forward(hub, [`${rtmpUrl}/live/copy`])
    await connected(forwarder)
    expectOfClip(await play(await HttpFlvClient.play(`${httpUrl}/live/copy.flv`)), clip)
    expectOfClip(await play(await RtmpClient.play(`${rtmpUrl}/live/copy`)), clip)
  })

  it('gets the default track of several, because it does not say that it reads more', async () => {
    const clip: Clip = 'hevc-opus-two-audio-tracks.ertmp.flv'
    const { rtmpUrl, httpUrl } = await startNodeMediaServer(await freePort(), await freePort())
    const { hub } = startSource(clip)
    await connected(forward(hub, [`${rtmpUrl}/live/copy`]))
    const packets = await play(await HttpFlvClient.play(`${httpUrl}/live/copy.flv`))
    expect(packets.filter(({ multitrack }) => multitrack)).toEqual([])
    expect(new Set(packets.map(({ codec }) => codec))).toEqual(new Set(['', 'hvc1', 'Opus']))
  })

  it('is pulled from over HTTP-FLV, also when it is started anew', async () => {
    const ports = [await freePort(), await freePort()] as const
    const first = await startNodeMediaServer(...ports)
    const { hub } = startSource(AVC)
    forward(hub, [`${first.rtmpUrl}/live/show`])
    const here = new Hub()
    const url = `${first.httpUrl}/live/show.flv`
    const pull = new StreamPull({ url, hub: here, streamPath: '/pulled/show', retry: RETRY })
    onTestFinished(() => pull.close())
    await until(() => here.source('/pulled/show') !== undefined)
    expectOfClip(await play(here.source('/pulled/show')!.consume()), AVC)
    await first.process.stop('SIGKILL')
    await until(() => pull.state === 'waiting')
    expect(pull.stats().failure?.code).toBe('ECONNRESET')
    await startNodeMediaServer(...ports)
    await until(() => pull.stats().connects === 2)
    const before = pull.stats().receivedPackets
    await until(() => pull.stats().receivedPackets > before + 50)
    here.close()
  })
})

describe('our own server', () => {
  it('is forwarded all tracks, and pulled from over HTTP-FLV', async () => {
    const clip: Clip = 'hevc-opus-two-audio-tracks.ertmp.flv'
    const server = await startLiveServer()
    const { hub } = startSource(clip)
    await connected(forward(hub, [server.rtmpUrl]))
    const packets = await play(server.hub.source('/live/show')!.consume())
    expect(packets.some(({ multitrack }) => multitrack)).toBe(true)
    const here = new Hub()
    const pull = new StreamPull({
      url: `${server.httpUrl}.flv`,
      hub: here,
      streamPath: '/pulled/show',
      retry: RETRY,
    })
    onTestFinished(() => pull.close())
    await until(() => pull.state === 'connected')
    expectOfClip(await play(here.source('/pulled/show')!.consume(), 30), clip)
    here.close()
  })

  it('is forwarded to over TLS, when its certificate is known', async () => {
    const target = new Hub({ graceMs: 0 })
    const server = new RtmpServer({ hub: target, tls: TLS })
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => server.close())
    const { hub } = startSource(AVC)
    const url = `rtmps://localhost:${port}/live/copy`
    const trusting = forward(hub, [url], { client: { tls: { ca: TLS.cert } } })
    await connected(trusting)
    expectOfClip(await play(target.source('/live/copy')!.consume(), 30), AVC)
    const wary = forward(hub, [`rtmps://localhost:${port}/live/other`])
    await until(() => wary.stats()[0]!.failure?.code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    target.close()
  })

  it('that refuses is asked again, and takes the stream when it may', async () => {
    let isOpen = false
    const target = new Hub({
      authorize: () => (isOpen ? true : reject('unknown stream key k-7f3a')),
      graceMs: 0,
    })
    const server = new RtmpServer({ hub: target })
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => server.close())
    const { hub } = startSource(AVC)
    const forwarder = forward(hub, [`rtmp://127.0.0.1:${port}/live/k-7f3a`])
    await until(() => forwarder.stats()[0]!.attempts >= 3)
    expect(forwarder.stats()[0]!.failure).toEqual({
      code: 'ERR_RTMP_REJECTED',
      message: expect.stringMatching(/unknown stream key \*\*\*$/) as string,
    })
    isOpen = true
    await connected(forwarder)
    target.close()
  })
})

itWithTool(['ffmpeg', 'ffprobe'], 'ffmpeg listens as a server, and writes what it got', async () => {
  const file = join(await tempFolder(), 'got.flv')
  const port = await freePort()
  const url = `rtmp://127.0.0.1:${port}/live/show`
  const { hub } = startSource(AVC)
  const forwarder = forward(hub, [url])
  await until(() => forwarder.stats()[0]!.failure?.code === 'ECONNREFUSED')
  const input = ['-v', 'error', '-listen', '1', '-i', url, '-t', '3', '-c', 'copy', file]
  const ffmpeg = await run(requireTool('ffmpeg'), input)
  expect(ffmpeg.stderr).toBe('')
  const packets = demuxFlv(await readFile(file))
  expectOfClip(packets, AVC)
  expect((await probePackets(file)).map((line) => line.split(':')[0])).toEqual(['h264', 'aac'])
})

describe('a target that is no server', () => {
  /** Takes connections, and does with them what the test says. */
  async function listen(act: (socket: Socket) => void): Promise<{ url: string; sockets: Socket[] }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      sockets.push(socket)
      act(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return { url: `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}/live/show`, sockets }
  }

  it('says nothing: given up and tried again', async () => {
    const { url, sockets } = await listen((socket) => socket.resume())
    const { hub } = startSource(AVC)
    const forwarder = forward(hub, [url], { client: { connectTimeoutMs: 500 } })
    await until(() => forwarder.stats()[0]!.attempts === 2)
    expect(forwarder.stats()[0]!.failure?.code ?? 'ERR_RTMP_CONNECT_TIMEOUT').toBe('ERR_RTMP_CONNECT_TIMEOUT')
    expect(sockets[0]!.readableEnded || sockets[0]!.destroyed).toBe(true)
  })

  it('stops reading: the stream goes on, and so do others', async () => {
    // The server's socket is no longer read from, once the stream runs: the window of TCP fills up.
    const target = new Hub()
    const rtmp = new RtmpServer({
      hub: target,
      stallTimeoutMs: 0,
      session: { mediaTimeoutMs: 0, pingIntervalMs: 0 },
    })
    const { url, sockets } = await listen(
      (socket) => void rtmp.handle(socket, { remoteAddress: '127.0.0.1' }),
    )
    onTestFinished(() => rtmp.close())
    const good = await startLiveServer()
    const { source } = startSource(AVC)
    const client = { maxWriteBytes: 65_536, stallTimeoutMs: 2_000 }
    const stuck = new StreamPush({ source, url, client, retry: RETRY })
    const fine = new StreamPush({ source, url: good.rtmpUrl })
    onTestFinished(async () => {
      await stuck.close()
      await fine.close()
    })
    await until(() => stuck.state === 'connected' && fine.state === 'connected')
    sockets[0]!.pause()
    // The kernel takes some megabytes: 20 MB, soon.
    const { body } = demuxFlv(readClip(AVC)).find(({ keyframe }) => keyframe)!
    const large = Buffer.concat([body.subarray(0, 5), Buffer.alloc(200_000)]) // AVC, keyframe, NAL units
    for (let i = 0; i < 100; i++) {
      source.publisher!.write(packetFromTag(TAG_TYPE_VIDEO, source.lastDts + 1, large))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(
      () => stuck.stats().attempts > 1,
      () => JSON.stringify(stuck.stats()),
    )
    expect(fine.stats()).toMatchObject({ state: 'connected', connects: 1, skips: 0 })
    const { sentPackets } = fine.stats()
    await until(() => fine.stats().sentPackets > sentPackets + 20)
    target.close()
  })
})
