/**
 * The reference server, assembled from the library's classes.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { accept, Hub, reject } from 'millrace/hub'
import { DirectorySegmentStore, HlsHandler, LiveHandler, MemorySegmentStore, RtmpServer } from 'millrace/node'
import type { Config } from './config.ts'
import type { EventLog } from './event-log.ts'
import { servePage } from './page.ts'
import { StatusApi } from './status-api.ts'

/** A running server. */
export interface RunningServer {
  /** The streams. */
  readonly hub: Hub
  /** `rtmp://…` or `rtmps://…` of the bound address. */
  readonly rtmpUrl: string
  /** `http://…` or `https://…` of the bound address. */
  readonly httpUrl: string
  /** Stops everything; resolves when all sockets are closed. */
  close(): Promise<void>
}

/** Starts the server that `config` describes. */
export async function startServer(config: Config, log: EventLog): Promise<RunningServer> {
  const hub = new Hub({ ...withoutUndefined(config.hub), ...admission(config.publishKeys) })
  log.watchHub(hub)

  const rtmp = new RtmpServer({
    hub,
    proxyProtocol: config.rtmp.proxyProtocol,
    maxConnections: config.rtmp.maxConnections,
    ...(config.rtmp.tls === undefined ? {} : { tls: readTls(config.rtmp.tls) }),
  })
  log.watchRtmp(rtmp)

  const { cors, trustProxy } = config.http
  const live = new LiveHandler({ hub, cors, trustProxy })
  const { mode, directory, targetDurationMs, windowMs } = config.hls
  const hls =
    mode === 'off'
      ? undefined
      : new HlsHandler({
          hub,
          cors,
          trustProxy,
          mode,
          store: directory === undefined ? new MemorySegmentStore() : new DirectorySegmentStore(directory),
          ...withoutUndefined({ targetDurationMs, windowMs }),
        })
  const status = new StatusApi({ hub, rtmp, live, hls })

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (status.handle(request, response) || servePage(request, response)) return
    if (hls?.handle(request, response) === true || live.handle(request, response)) return
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found\n')
  }
  const http: Server =
    config.http.tls === undefined
      ? createServer(onRequest)
      : createHttpsServer(readTls(config.http.tls), onRequest)
  http.on('upgrade', (request, socket, head) => {
    if (!live.handleUpgrade(request, socket, head)) socket.destroy()
  })

  const rtmpAddress = await rtmp.listen({
    port: config.rtmp.port,
    ...withoutUndefined({ host: config.rtmp.host }),
  })
  const httpAddress = await listen(http, config.http.port, config.http.host)

  return {
    hub,
    rtmpUrl: urlOf(config.rtmp.tls === undefined ? 'rtmp' : 'rtmps', rtmpAddress),
    httpUrl: urlOf(config.http.tls === undefined ? 'http' : 'https', httpAddress),
    async close() {
      await rtmp.close()
      hub.close()
      live.close()
      await hls?.close()
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

/** Maps secret keys to public names when the file has any; otherwise everybody may publish. */
function admission(
  keys: Config['publishKeys'],
): Pick<ConstructorParameters<typeof Hub>[0] & object, 'authorize'> {
  if (keys === undefined) return {}
  const streams = new Map(keys.map(({ key, stream }) => [key, stream]))
  return {
    authorize: ({ action, streamName }) => {
      if (action === 'play') return true
      const streamPath = streams.get(streamName)
      return streamPath === undefined ? reject('unknown stream key') : accept({ streamPath })
    },
  }
}

function readTls(files: { readonly cert: string; readonly key: string }): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(files.cert), key: readFileSync(files.key) }
}

function listen(server: Server, port: number, host: string | undefined): Promise<AddressInfo> {
  return new Promise((resolve, fail) => {
    server.once('error', fail)
    server.listen({ port, host }, () => resolve(server.address() as AddressInfo))
  })
}

function urlOf(scheme: string, { address, family, port }: AddressInfo): string {
  const anywhere = address === '::' || address === '0.0.0.0'
  return `${scheme}://${anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The file's absent keys are `undefined`; the library wants absent keys absent. */
function withoutUndefined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<
    Defined<T>
  >
}
