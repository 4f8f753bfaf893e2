/**
 * A worker: a whole media server that shares its ports with the others, and its streams too.
 *
 * @module
 */
import cluster from 'node:cluster'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { accept, Hub, reject } from 'millrace/hub'
import { LiveHandler, RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { Directory } from './directory.ts'
import { proxy } from './owner-proxy.ts'
import { Pulls } from './pulls.ts'
import { socketPath } from './sockets.ts'

/** Where pulls come from: no peer of a TCP socket has such an address. */
const WORKER_ADDRESS = 'worker'

/** Players wait so long for a publisher at any worker, ms. */
const PUBLISHER_WAIT_MS = 10_000

/** Starts the worker of this process. */
export async function startWorker(): Promise<void> {
  const self = cluster.worker!.id
  const folder = environment('MILLRACE_SOCKETS')
  const host = environment('MILLRACE_HOST')

  // #region hub
  const hub: Hub = new Hub({
    async authorize({ action, streamPath, remoteAddress }) {
      if (action === 'play' || remoteAddress === WORKER_ADDRESS) return true
      if (!(await directory.claim(streamPath))) return reject('the stream is being published')
      // A pull of this worker makes room for the real publisher; its players stay.
      pulls.stop(streamPath)
      return accept({ onEnd: () => directory.release(streamPath) })
    },
    resolveSource: (streamPath, signal) => pulls.resolve(streamPath, signal),
    resolveTimeoutMs: PUBLISHER_WAIT_MS,
    publisherWaitMs: 1_000,
  })
  // #endregion hub
  const directory: Directory = new Directory(self, {
    ownerChanged: (streamPath, owner) => pulls.ownerChanged(streamPath, owner),
    count: (streamPath) => ({
      worker: self,
      pid: process.pid,
      players: Array.from(hub.source(streamPath)?.players ?? []).filter(
        ({ request }) => request?.remoteAddress !== WORKER_ADDRESS,
      ).length,
      pulls: pulls.made(streamPath),
    }),
    stop: () => void stop(),
  })
  const pulls = new Pulls({
    hub,
    directory,
    mediaSocket: (worker) => socketPath(folder, worker, 'rtmp'),
  })

  const rtmp = new RtmpServer({ hub })
  const live = new LiveHandler({ hub })
  const hls = new HlsHandler({ hub })

  /** The owner answers; the others pass the request on to it. */
  async function serveOwned(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const streamPath = ownedStreamPath(request.url ?? '')
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(PUBLISHER_WAIT_MS)])
    const owner = await directory.whenOwned(streamPath, signal)
    if (owner === undefined) response.writeHead(404).end('no such stream\n')
    else if (owner !== self) await proxy(socketPath(folder, owner, 'http'), request, response)
    else if (request.url!.startsWith(STATS_PREFIX)) {
      const body = JSON.stringify({
        owner: self,
        stats: hub.source(streamPath)?.stats() ?? null,
        workers: await directory.counts(streamPath),
      })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
    } else if (!hls.handle(request, response)) response.writeHead(404).end('not found\n')
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (ownedStreamPath(request.url ?? '') !== '') void serveOwned(request, response)
    else if (!live.handle(request, response)) response.writeHead(404).end('not found\n')
  }
  const http = createServer(onRequest)
  live.takeUpgrades(http)

  // The local sockets are this worker's own; the ports are shared by all.
  const localMedia = createNetServer((socket) => rtmp.handle(socket, { remoteAddress: WORKER_ADDRESS }))
  const localHttp = createServer(onRequest)
  await listen(localMedia, { path: socketPath(folder, self, 'rtmp'), exclusive: true })
  await listen(localHttp, { path: socketPath(folder, self, 'http'), exclusive: true })
  const { port: rtmpPort } = await rtmp.listen({ port: Number(environment('MILLRACE_RTMP_PORT')), host })
  await listen(http, { port: Number(environment('MILLRACE_HTTP_PORT')), host })
  directory.tell({ type: 'listening', rtmpPort, httpPort: (http.address() as AddressInfo).port })

  async function stop(): Promise<void> {
    pulls.close()
    await rtmp.close()
    hub.close()
    live.close()
    await hls.close()
    process.exit(0)
  }
  process.once('disconnect', () => void stop())
}

const STATS_PREFIX = '/api/streams/'

/** `/app/name` of a playlist, a segment or statistics; `''` for other paths. */
function ownedStreamPath(url: string): string {
  const path = url.split('?', 1)[0]!
  if (path.startsWith(STATS_PREFIX)) return path.slice(STATS_PREFIX.length - 1)
  return /^((?:\/[^/]+){2,}?)(?:\.m3u8|\/\d+\.ts)$/.exec(path)?.[1] ?? ''
}

function listen(server: ReturnType<typeof createNetServer>, options: object): Promise<void> {
  return new Promise((resolve, fail) => {
    server.once('error', fail)
    server.listen(options, resolve)
  })
}

function environment(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: workers are started by the primary`)
  return value
}
