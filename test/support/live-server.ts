/** A server with every door open, on free ports, for players that are foreign programs. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demuxFlv } from 'millrace/flv'
import { Hub, type HubOptions, type Publisher } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { LiveHandler, RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { onTestFinished } from 'vitest'
import { type Clip, readClip } from './clips.ts'

export interface LiveServer {
  readonly hub: Hub
  /** `rtmp://127.0.0.1:PORT/live/show` */
  readonly rtmpUrl: string
  /** `http://127.0.0.1:PORT/live/show`, without extension. */
  readonly httpUrl: string
}

/**
 * Starts it; the end of the test stops it.
 *
 * @param page - answers what is not a stream: the page and scripts of a browser test.
 * @param options - of the hub, where the test needs others.
 */
export async function startLiveServer(
  page?: (path: string) => Buffer | undefined,
  options: HubOptions = {},
): Promise<LiveServer> {
  // A player comes before its publisher, and leaves with it.
  const hub = new Hub({ graceMs: 0, publisherWaitMs: 15_000, ...options })
  const rtmp = new RtmpServer({ hub })
  const live = new LiveHandler({ hub })
  const hls = new HlsHandler({ hub, targetDurationMs: 2000, windowMs: 30_000, endListMs: 0 })
  const web = createServer((request, response) => {
    // A segment (/live/show/12.ts) would be a stream to the other handler.
    if (hls.handle(request, response) || live.handle(request, response)) return
    const body = page?.(request.url ?? '')
    if (body === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', request.url === '/' ? 'text/html' : 'text/javascript').end(body)
  })
  web.on('upgrade', (request, socket, head) => {
    if (!live.handleUpgrade(request, socket, head)) socket.destroy()
  })
  const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  const webPort = (web.address() as AddressInfo).port
  onTestFinished(async () => {
    live.close()
    await hls.close()
    await rtmp.close()
    web.closeAllConnections()
    web.close()
    hub.close()
  })
  return {
    hub,
    rtmpUrl: `rtmp://127.0.0.1:${port}/live/show`,
    httpUrl: `http://127.0.0.1:${webPort}/live/show`,
  }
}

/** Publishes a clip as `/live/show`, `speed` times as fast as it plays, and leaves. */
export async function publishClip(hub: Hub, clip: Clip, speed: number): Promise<void> {
  const publisher = hub.publish('/live/show')
  // As with a publisher over a network, those who have waited are there before its first packet.
  await new Promise((resolve) => setImmediate(resolve))
  await write(publisher, demuxFlv(readClip(clip)), performance.now(), speed)
  publisher.unpublish()
}

/** Publishes a clip as `/live/show` over and over, as fast as it plays, until `signal` is aborted. */
export async function loopClip(hub: Hub, clip: Clip, signal: AbortSignal): Promise<void> {
  const publisher = hub.publish('/live/show')
  const packets = demuxFlv(readClip(clip))
  const media = packets.filter(({ configuration, endOfSequence }) => !configuration && !endOfSequence)
  const lengthMs = media.at(-1)!.dts + 40
  const startMs = performance.now()
  await write(publisher, packets, startMs, 1, signal)
  for (let atMs = lengthMs; !signal.aborted; atMs += lengthMs) {
    const next = media.map((packet) => packet.withDts(packet.dts + atMs))
    await write(publisher, next, startMs, 1, signal)
  }
  publisher.unpublish()
}

async function write(
  publisher: Publisher,
  packets: readonly MediaPacket[],
  startMs: number,
  speed: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const packet of packets) {
    if (signal?.aborted === true) return
    const waitMs = packet.dts / speed - (performance.now() - startMs)
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    publisher.write(packet)
  }
}

/** Resolves when as many players wait for the stream. */
export async function whenWaiting(hub: Hub, count = 1): Promise<void> {
  for (let tries = 0; hub.stats().waiting < count; tries++) {
    if (tries > 500) throw new Error('no player came')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
