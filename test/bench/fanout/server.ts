/** A server under load: started by run.ts as a process of its own, told what to be, asked for its counters. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { Hub } from 'millrace/hub'
import { LiveHandler, RtmpServer } from 'millrace/node'
import { BareFanOut } from './bare-fan-out.ts'
import { LoopDelay, TurnWatch } from './loop-delay.ts'
import { coreWaitMicros, cpuMicros } from './process-usage.ts'
import type { ServerReady, ServerSample, ServerSettings } from './settings.ts'
import { SyntheticStream } from './synthetic-stream.ts'

const HOST = '127.0.0.1'
const BACKLOG = 4096

interface Running {
  readonly ready: ServerReady
  counters(): Pick<ServerSample, 'connections' | 'skips' | 'skippedPackets' | 'flushes' | 'roundMs'>
}

function listen(server: NetServer | Server): Promise<number> {
  return new Promise((resolve, fail) => {
    server.once('error', fail)
    server.listen({ port: 0, host: HOST, backlog: BACKLOG }, () =>
      resolve((server.address() as AddressInfo).port),
    )
  })
}

async function startMillrace(settings: ServerSettings): Promise<Running> {
  // Players of a stream that nobody publishes stay for the whole run, to be weighed.
  const hub = new Hub({ minFlushIntervalMs: settings.flushMs, publisherWaitMs: 600_000 })
  const rtmp = new RtmpServer({ hub })
  const { port: rtmpPort } = await rtmp.listen({ port: 0, host: HOST })
  const live = new LiveHandler({ hub })
  const http = createServer((request, response) => {
    if (!live.handle(request, response)) response.writeHead(404).end()
  })
  http.on('upgrade', (request, socket, head) => {
    if (!live.handleUpgrade(request, socket, head)) socket.destroy()
  })
  return {
    ready: { rtmpPort, httpPort: await listen(http) },
    counters: () => {
      const fanOuts = Array.from(hub.sources, (source) => source.stats().fanOut)
      const { skips, skippedPackets } = hub.totals()
      return {
        connections: rtmp.connections.size + live.viewerCount,
        skips,
        skippedPackets,
        flushes: fanOuts.reduce((total, { flushes }) => total + flushes, 0),
        roundMs: Math.max(0, ...fanOuts.map(({ lastRoundMs }) => lastRoundMs)),
      }
    },
  }
}

async function startBare(settings: ServerSettings): Promise<Running> {
  const fanOut = new BareFanOut(settings)
  const hub = new Hub()
  const rtmp = new RtmpServer({ hub })
  hub.on('publish', (source) => {
    void (async () => {
      for await (const packet of source.consume()) fanOut.write(packet)
    })()
  })
  const { port: rtmpPort } = await rtmp.listen({ port: 0, host: HOST })
  return {
    ready: { rtmpPort, httpPort: await listen(fanOut.server) },
    counters: () => countersOf(fanOut),
  }
}

async function startFloor(settings: ServerSettings): Promise<Running> {
  const fanOut = new BareFanOut(settings)
  const stream = new SyntheticStream(settings.kbps)
  const httpPort = await listen(fanOut.server)
  for (const packet of stream.configuration()) fanOut.write(packet)
  const startMs = performance.now()
  const play = (): void => {
    const nowMs = performance.now() - startMs
    while (stream.nextMs <= nowMs) fanOut.write(stream.next())
    setTimeout(play, Math.max(1, stream.nextMs - (performance.now() - startMs)))
  }
  play()
  return { ready: { rtmpPort: 0, httpPort }, counters: () => countersOf(fanOut) }
}

function countersOf(fanOut: BareFanOut): ReturnType<Running['counters']> {
  return {
    connections: fanOut.players,
    skips: 0,
    skippedPackets: 0,
    flushes: fanOut.flushes,
    roundMs: Number.NaN,
  }
}

const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings
const STARTS: Readonly<Record<string, (settings: ServerSettings) => Promise<Running>>> = {
  millrace: startMillrace,
  bare: startBare,
  floor: startFloor,
}
const running = await STARTS[settings.kind]!(settings)
const loopDelay = new LoopDelay()
const turns = settings.watchTurns ? new TurnWatch() : undefined

process.on('message', () => {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  const sample: ServerSample = {
    atMs: performance.now(),
    cpuMicros: cpuMicros(),
    coreWaitMicros: coreWaitMicros(),
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    bufferBytes: arrayBuffers,
    loopLateMaxMs: loopDelay.maxMs,
    turnMaxMs: turns?.takeMaxMs() ?? Number.NaN,
    ...running.counters(),
  }
  loopDelay.reset()
  process.send!(sample)
})
process.on('disconnect', () => process.exit())
process.send!(running.ready)
