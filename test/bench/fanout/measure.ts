/** One measurement: a server, publishers, players that come one after the other, a window in which everything is counted. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoadPlayer } from './load-player.ts'
import { LoadPublisher } from './load-publisher.ts'
import { coreWaitMicros, cpuMicros } from './process-usage.ts'
import { ServerProcess } from './server-process.ts'
import type { Protocol, ServerSample, ServerSettings } from './settings.ts'

/** What is measured. */
export interface Plan {
  readonly server: ServerSettings
  readonly protocol: Protocol
  readonly players: number
  readonly publishers: number
  /** Players ask for a stream that nobody publishes. */
  readonly idle: boolean
  readonly kbps: number
  /** Length of the window; whole GOPs of 2 s, or a keyframe on its way at its end changes what counts as delivered. */
  readonly seconds: number
  /** Players that come in a second. */
  readonly joinsPerSecond: number
  /** Cores of the server and of this process. */
  readonly cores: { readonly server: number; readonly load: number } | undefined
  readonly nodeFlags: readonly string[]
}

/** What came of it. */
export interface Measurement {
  /** Server CPU of the window, s, for each 10⁹ bits that reached players. */
  readonly cpuSecondsPerGbit: number
  /** Server CPU, % of a core. */
  readonly cpuPercent: number
  readonly mbitPerSecond: number
  readonly latencyMs: Percentiles
  readonly joinMs: Percentiles
  /** Players that had their keyframe when the window began. */
  readonly joined: number
  readonly lostPlayers: number
  readonly lostPublishers: number
  /** Bytes received by bytes published for all players, %. */
  readonly deliveredPercent: number
  /** Video frames that sampled players did not get. */
  readonly missingFrames: number
  /** Packets that the server passed over for slow players. */
  readonly skippedPackets: number
  readonly flushesPerSecond: number
  readonly server: ServerSample
  /** Share of the window that the server was ready to run and had no core, %. */
  readonly serverWaitPercent: number
  readonly load: LoadUsage
  /** Why this figure may say more of the load generator or the machine than of the server. */
  readonly doubts: readonly string[]
}

/** What the load generator used itself. */
export interface LoadUsage {
  readonly cpuPercent: number
  readonly waitPercent: number
  readonly loopDelayP99Ms: number
  readonly publisherLagMaxMs: number
}

/** Of a sorted set of values. NaN when there are none. */
export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Players that parse everything. */
const SAMPLED_PLAYERS = 12
const SETTLE_MS = 2500
const ACKNOWLEDGE_MS = 5000

/** Beyond these the figure is in doubt. */
const MAX_LOAD_CPU_PERCENT = 85
const MAX_LOAD_LOOP_DELAY_MS = 20
const MAX_WAIT_PERCENT = 10

/** Runs one measurement from start to end. */
export async function measure(plan: Plan): Promise<Measurement> {
  const server = await ServerProcess.start(plan.server, plan.cores?.server, plan.nodeFlags)
  const publishers: LoadPublisher[] = []
  const players: LoadPlayer[] = []
  const latencies: number[] = []
  try {
    const { rtmpPort, httpPort } = server.ready
    if (rtmpPort !== 0 && !plan.idle) {
      for (let i = 0; i < plan.publishers; i++) {
        publishers.push(new LoadPublisher(rtmpPort, `s${i}`, plan.kbps))
        await sleep(10)
      }
    }
    await sleep(1000)
    await connectPlayers(plan, rtmpPort, httpPort, players, latencies)
    const acknowledging = setInterval(() => {
      for (const player of players) player.acknowledge()
    }, ACKNOWLEDGE_MS)
    await sleep(SETTLE_MS)
    await sleep(publishers[0]?.untilMidGopMs ?? 0)
    const measurement = await measureWindow(plan, server, publishers, players, latencies)
    clearInterval(acknowledging)
    return measurement
  } finally {
    for (const player of players) player.close()
    for (const publisher of publishers) publisher.close()
    await server.stop()
  }
}

async function connectPlayers(
  plan: Plan,
  rtmpPort: number,
  httpPort: number,
  players: LoadPlayer[],
  latencies: number[],
): Promise<void> {
  const port = plan.protocol === 'rtmp' ? rtmpPort : httpPort
  const every = Math.max(1, Math.floor(plan.players / SAMPLED_PLAYERS))
  const startMs = performance.now()
  for (let i = 0; i < plan.players; i++) {
    const streamName = plan.idle ? 'nobody' : `s${i % Math.max(1, plan.publishers)}`
    const sampled = i % every === 0
    players.push(new LoadPlayer({ protocol: plan.protocol, port, streamName }, sampled, latencies))
    const dueMs = (players.length / plan.joinsPerSecond) * 1000 - (performance.now() - startMs)
    if (dueMs > 0) await sleep(dueMs)
  }
}

async function measureWindow(
  plan: Plan,
  server: ServerProcess,
  publishers: readonly LoadPublisher[],
  players: readonly LoadPlayer[],
  latencies: number[],
): Promise<Measurement> {
  const joins = players.flatMap(({ joinMs }) => joinMs ?? [])
  const loopDelay = monitorEventLoopDelay({ resolution: 5 })
  loopDelay.enable()
  for (const publisher of publishers) publisher.lagMaxMs = 0
  const before = await server.sample()
  for (const player of players) player.takeBytes()
  latencies.length = 0
  const sentBefore = sum(publishers.map(({ sentBytes }) => sentBytes))
  const ownBefore = { cpu: cpuMicros(), wait: coreWaitMicros(), atMs: performance.now() }

  await sleep(plan.seconds * 1000)

  const after = await server.sample()
  const bits = 8 * sum(players.map((player) => player.takeBytes()))
  const sentBits = 8 * (sum(publishers.map(({ sentBytes }) => sentBytes)) - sentBefore)
  const ownMs = performance.now() - ownBefore.atMs
  loopDelay.disable()
  const seconds = (after.atMs - before.atMs) / 1000
  const cpuSeconds = (after.cpuMicros - before.cpuMicros) / 1e6
  const load: LoadUsage = {
    cpuPercent: percent((cpuMicros() - ownBefore.cpu) / 1000, ownMs),
    waitPercent: percent((coreWaitMicros() - ownBefore.wait) / 1000, ownMs),
    loopDelayP99Ms: loopDelay.percentile(99) / 1e6,
    publisherLagMaxMs: Math.max(0, ...publishers.map(({ lagMaxMs }) => lagMaxMs)),
  }
  // A stream is heard by its share of the players.
  const expectedBits = publishers.length === 0 ? 0 : (sentBits / publishers.length) * players.length
  const serverWaitPercent = percent((after.coreWaitMicros - before.coreWaitMicros) / 1e6, seconds)
  return {
    cpuSecondsPerGbit: cpuSeconds / (bits / 1e9),
    cpuPercent: percent(cpuSeconds, seconds),
    mbitPerSecond: bits / 1e6 / seconds,
    latencyMs: percentiles(latencies),
    joinMs: percentiles(joins),
    joined: joins.length,
    lostPlayers: players.filter(({ lost }) => lost).length,
    lostPublishers: publishers.filter(({ lost, started }) => lost || !started).length,
    deliveredPercent: percent(bits, expectedBits),
    missingFrames: sum(players.map(({ missingFrames }) => missingFrames)),
    skippedPackets: after.skippedPackets,
    flushesPerSecond: (after.flushes - before.flushes) / seconds,
    server: after,
    serverWaitPercent,
    load,
    doubts: doubtsOf(load, serverWaitPercent),
  }
}

function doubtsOf(load: LoadUsage, serverWaitPercent: number): string[] {
  const doubts: string[] = []
  if (load.cpuPercent > MAX_LOAD_CPU_PERCENT) {
    doubts.push(`the load generator is the limit: it used ${load.cpuPercent.toFixed(0)} % of a core`)
  }
  if (load.loopDelayP99Ms > MAX_LOAD_LOOP_DELAY_MS) {
    doubts.push(
      `latency is the load generator's: its event loop was ${load.loopDelayP99Ms.toFixed(0)} ms late (p99)`,
    )
  }
  if (load.waitPercent > MAX_WAIT_PERCENT) {
    doubts.push(
      `other processes held the load generator's core for ${load.waitPercent.toFixed(0)} % of the time`,
    )
  }
  if (serverWaitPercent > MAX_WAIT_PERCENT) {
    doubts.push(`other processes held the server's core for ${serverWaitPercent.toFixed(0)} % of the time`)
  }
  return doubts
}

function percent(part: number, whole: number): number {
  return (part / whole) * 100
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
