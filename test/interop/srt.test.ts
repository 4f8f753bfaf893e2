/** libsrt (FFmpeg, srt-live-transmit, GStreamer) against our server and client: publish and play, with and without a passphrase, over a lossy path. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { join } from 'node:path'
import { Hub } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { nodeSrtCrypto, SrtClient, SrtServer, type SrtServerOptions } from 'millrace/node'
import { SrtCallerSession } from 'millrace/srt'
import { expect, it, onTestFinished } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { probePackets } from '../support/ffprobe.ts'
import { loopClip } from '../support/live-server.ts'
import { type RunResult, run, type RunningProcess, start } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'

const CLIP = 'avc-aac-bframes.flv'
const SECRET = 'test-only-passphrase'
/** A program takes its time to start. */
const IN_TIME = { timeout: 10_000 }

interface Running {
  readonly hub: Hub
  readonly server: SrtServer
  readonly port: number
}

async function running(options: Partial<SrtServerOptions> = {}): Promise<Running> {
  const hub = new Hub({ graceMs: 0, publisherWaitMs: 15_000 })
  const server = new SrtServer({ hub, session: { receiveLatencyMs: 200 }, ...options })
  onTestFinished(async () => {
    await server.close()
    hub.close()
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  return { hub, server, port }
}

/** Sends the clip, three seconds of it, as fast as it plays. */
function publish(port: number, id: string, parameters = ''): RunningProcess {
  const url = `srt://127.0.0.1:${port}?streamid=${id}${parameters}`
  const input = ['-re', '-stream_loop', '-1', '-i', clipPath(CLIP), '-t', '3', '-c', 'copy']
  return start(requireTool('ffmpeg'), ['-v', 'warning', ...input, '-f', 'mpegts', url])
}

async function read(hub: Hub, path: `/${string}`): Promise<MediaPacket[]> {
  await expect.poll(() => hub.source(path)?.publisher !== undefined, IN_TIME).toBe(true)
  const packets: MediaPacket[] = []
  for await (const packet of hub.source(path)!.consume({ maxLagMs: 60_000 })) packets.push(packet)
  return packets
}

function coded(packets: readonly MediaPacket[], kind: 'audio' | 'video'): number {
  return packets.filter((packet) => packet.kind === kind && packet.coded).length
}

/** A port that nobody has at the moment, for a program that cannot say which one it got. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  const { port } = socket.address()
  await new Promise<void>((closed) => socket.close(closed))
  return port
}

/** Passes datagrams on both ways and drops one in `oneIn` of them, by a count. @returns the port to call instead of `port`. */
async function lossyRelay(port: number, oneIn: number): Promise<number> {
  const front = createSocket('udp4')
  const back = createSocket('udp4')
  onTestFinished(() => {
    front.close()
    back.close()
  })
  let caller: RemoteInfo | undefined
  let count = 0
  const isLost = (): boolean => ++count % oneIn === 0
  front.on('message', (datagram, from) => {
    caller = from
    if (!isLost()) back.send(datagram, port, '127.0.0.1')
  })
  back.on('message', (datagram) => {
    if (caller !== undefined && !isLost()) front.send(datagram, caller.port, caller.address)
  })
  await Promise.all(
    [front, back].map((socket) => new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))),
  )
  return front.address().port
}

describeWithTool('ffmpeg', 'FFmpeg over SRT', () => {
  it('publishes, in messages of any size', async () => {
    const { hub, port } = await running()
    for (const parameters of ['', '&pkt_size=1316&latency=80000']) {
      const process = publish(port, '#!::r=live/show,m=publish', parameters)
      const packets = await read(hub, '/live/show')
      expect((await process.exited).code).toBe(0)
      // 3 s at 25 pictures and 43 AAC frames a second; libsrt does not wait for its last datagrams.
      expect(coded(packets, 'video')).toBeGreaterThan(60)
      expect(coded(packets, 'audio')).toBeGreaterThan(100)
    }
  })

  it('plays', async () => {
    const { hub, port } = await running()
    const over = new AbortController()
    onTestFinished(() => over.abort())
    void loopClip(hub, CLIP, over.signal)
    const path = join(await tempFolder(), 'played.ts')
    const url = `srt://127.0.0.1:${port}?streamid=#!::r=live/show&latency=60000`
    const args = ['-v', 'error', '-i', url, '-t', '2', '-c', 'copy', '-f', 'mpegts', path]
    expect(await run(requireTool('ffmpeg'), args)).toMatchObject({ code: 0, stderr: '' })
    const streams = await probePackets(path)
    expect(streams.map((text) => text.split(':')[0])).toEqual(expect.arrayContaining(['h264', 'aac']))
  })

  it.each([16, 24, 32])('publishes with keys of %i bytes that change', async (keyBytes) => {
    const { hub, server, port } = await running({ passphrase: SECRET })
    let undecrypted = -1
    server.on('close', (connection) => {
      undecrypted = connection.statistics().pktRcvUndecrypt
    })
    const keys = `&passphrase=${SECRET}&pbkeylen=${keyBytes}&kmrefreshrate=200&kmpreannounce=60&pkt_size=188`
    const process = publish(port, 'publish:live/show', keys)
    const packets = await read(hub, '/live/show')
    expect((await process.exited).code).toBe(0)
    expect(coded(packets, 'video')).toBeGreaterThan(60)
    expect(undecrypted).toBe(0)
  })

  it.each([
    ['a wrong passphrase', '&passphrase=another-passphrase', /Incorrect passphrase/],
    ['no passphrase', '', /Password required or unexpected/],
  ])('is refused with %s as by libsrt', async (_, parameters, words) => {
    const { port } = await running({ passphrase: SECRET })
    const { code, stderr }: RunResult = await publish(port, 'publish:live/show', parameters).exited
    expect(code).toBe(1)
    expect(stderr).toMatch(words)
  })

  it('is refused a stream that is not there', async () => {
    const { port } = await running()
    const { code, stderr } = await publish(port, '#!::r=live/show,m=nonsense').exited
    expect(code).toBe(1)
    expect(stderr).toMatch(/rejection reason/)
  })

  it('publishes and plays through a relay that drops every twentieth datagram', async () => {
    const { hub, server, port } = await running()
    const process = publish(await lossyRelay(port, 20), 'publish:live/show', '&pkt_size=188&latency=300000')
    const ends: { readonly lost: number; readonly dropped: number; readonly resent: number }[] = []
    server.on('close', (connection) => {
      const { pktRcvLoss, pktRcvDrop, pktRcvRetrans } = connection.statistics()
      ends.push({ lost: pktRcvLoss, dropped: pktRcvDrop, resent: pktRcvRetrans })
    })
    const packets = await read(hub, '/live/show')
    await process.exited
    expect(coded(packets, 'video')).toBeGreaterThan(60)
    expect(ends).toMatchObject([{ dropped: 0 }])
    expect(ends[0]!.lost).toBeGreaterThan(5)
    expect(ends[0]!.resent).toBeGreaterThan(5)
  })

  it('listens, and takes what our client publishes', async () => {
    const hub = new Hub()
    const over = new AbortController()
    onTestFinished(() => {
      over.abort()
      hub.close()
    })
    void loopClip(hub, CLIP, over.signal)
    await expect.poll(() => hub.source('/live/show')).toBeDefined()
    const path = join(await tempFolder(), 'taken.ts')
    const port = await freeUdpPort()
    const url = `srt://127.0.0.1:${port}?mode=listener&passphrase=${SECRET}`
    const args = ['-v', 'error', '-y', '-i', url, '-t', '2', '-c', 'copy', '-f', 'mpegts', path]
    const listener = start(requireTool('ffmpeg'), args)
    const client = await SrtClient.connect(`srt://127.0.0.1:${port}?latency=200&pbkeylen=24&streamid=any`, {
      passphrase: SECRET,
      session: { connectTimeoutMs: 10_000 },
    })
    const sending = client.send(hub.source('/live/show')!.consume({ signal: over.signal }))
    expect((await listener.exited).code).toBe(0)
    over.abort()
    await sending.catch(() => undefined)
    await client.closed
    const streams = await probePackets(path)
    expect(streams.map((text) => text.split(':')[0])).toEqual(expect.arrayContaining(['h264', 'aac']))
  })
})

describeWithTool(['srt-live-transmit', 'ffmpeg'], 'srt-live-transmit', () => {
  it('hands on, byte for byte, what our caller sends through a relay that drops every twentieth datagram', async () => {
    const port = await freeUdpPort()
    const listener = start(requireTool('srt-live-transmit'), [
      '-q',
      `srt://127.0.0.1:${port}?mode=listener&latency=400&passphrase=${SECRET}`,
      'file://con',
    ])
    const socket = createSocket('udp4')
    onTestFinished(() => void socket.close())
    const relay = await lossyRelay(port, 20)
    const now = (): number => performance.now()
    const caller = new SrtCallerSession({
      crypto: nodeSrtCrypto,
      nowMs: now(),
      passphrase: SECRET,
      keyBytes: 32,
      keyRefreshPackets: 200,
      keyAnnouncePackets: 60,
      connectTimeoutMs: 10_000,
    })
    let end: string | undefined
    const drain = (): void => {
      for (let event = caller.readEvent(); event !== undefined; event = caller.readEvent()) {
        if (event.type === 'close') end = event.code
      }
      for (const datagram of caller.takeOutput()) socket.send(datagram, relay, '127.0.0.1')
    }
    socket.on('message', (datagram) => {
      caller.push(datagram, now())
      drain()
    })
    const tick = setInterval(() => {
      caller.handleTimeout(now())
      drain()
    }, 5)
    onTestFinished(() => clearInterval(tick))
    await expect.poll(() => caller.isOpen, IN_TIME).toBe(true)
    const sent: Uint8Array[] = []
    for (let i = 0; i < 1000; i++) {
      const message = new Uint8Array(1316).fill(i & 0xff)
      message.set([0x47, i >>> 8, i & 0xff])
      sent.push(message)
      expect(caller.write(message, now())).toBe(true)
      drain()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
    caller.close()
    await expect.poll(() => end, IN_TIME).toBe('closed')
    expect(caller.statistics(now()).pktRetrans).toBeGreaterThan(20)
    await new Promise((resolve) => setTimeout(resolve, 500))
    listener.kill('SIGINT')
    const { stdout } = await listener.exited
    expect(Buffer.compare(stdout, Buffer.concat(sent))).toBe(0)
  })
})

describeWithTool(['gst-launch-1.0', 'ffmpeg'], 'GStreamer over SRT', () => {
  it('publishes and plays', async () => {
    const { hub, port } = await running({ passphrase: SECRET })
    const folder = await tempFolder()
    const clip = join(folder, 'clip.ts')
    const input = ['-stream_loop', '1', '-i', clipPath(CLIP), '-t', '5', '-c', 'copy']
    await run(requireTool('ffmpeg'), ['-v', 'error', ...input, '-f', 'mpegts', clip])
    const gst = (pipeline: string): RunningProcess =>
      start(requireTool('gst-launch-1.0'), ['-q', ...pipeline.split(' ')])
    const base = `srt://127.0.0.1:${port}?mode=caller&passphrase=${SECRET}&pbkeylen=24`
    const source = `filesrc location=${clip} ! tsparse set-timestamps=true alignment=7 ! identity sync=true`
    const publisher = gst(`${source} ! srtsink uri=${base}&streamid=publish:live/show`)
    const path = join(folder, 'played.ts')
    const player = gst(`srtsrc uri=${base}&streamid=live/show ! filesink location=${path}`)
    const packets = await read(hub, '/live/show')
    await publisher.exited
    expect(coded(packets, 'video')).toBeGreaterThan(80)
    player.kill('SIGINT')
    await player.exited
    const streams = await probePackets(path)
    expect(streams.map((text) => text.split(':')[0])).toEqual(expect.arrayContaining(['h264', 'aac']))
  })
})
