/** One measurement: a server, publishers, players that come one after the other, a window in which everything is counted. */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Crowds, LocalCrowd, RemoteCrowd } from './crowd.ts'
import { LoadPublisher } from './load-publisher.ts'
import { percent, percentiles, type Percentiles } from './percentiles.ts'
import { ProgramServer } from './program-server.ts'
import { ServerProcess } from './server-process.ts'
import type {
  BenchServer,
  CrowdCounts,
  CrowdPlan,
  Protocol,
  ServerSample,
  ServerSettings,
} from './settings.ts'
import { Timeline, type TimelineEntry } from './timeline.ts'

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
  /** Processes of the load generator beside this one; with 0 all players are here. */
  readonly loadProcesses: number
  /** A line for each so many seconds; 0: none. */
  readonly everySec: number
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
  /** The whole run, if it was asked for. */
  readonly timeline: readonly TimelineEntry[]
  /** Why this figure may say more of the load generator or the machine than of the server. */
  readonly doubts: readonly string[]
}

/** What the load generator used itself, all of its processes together. */
export interface LoadUsage {
  readonly cpuPercent: number
  readonly waitPercent: number
  readonly loopLateP99Ms: number
  readonly publisherLagMaxMs: number
}

/** Players that parse everything. */
const SAMPLED_PLAYERS = 12
const SETTLE_MS = 2500

/** Beyond these the figure is in doubt. */
const MAX_LOAD_CPU_PERCENT = 85
const MAX_LOAD_LOOP_LATE_MS = 20
const MAX_WAIT_PERCENT = 10

/** Runs one measurement from start to end. */
export async function measure(plan: Plan): Promise<Measurement> {
  const server = await startServer(plan)
  const publishers: LoadPublisher[] = []
  let load: Load | undefined
  let timeline: Timeline | undefined
  try {
    const { rtmpPort } = server.ready
    if (rtmpPort !== 0 && !plan.idle) {
      for (let i = 0; i < plan.publishers; i++) {
        publishers.push(new LoadPublisher(rtmpPort, `s${i}`, plan.kbps))
        await sleep(10)
      }
    }
    await sleep(1000)
    load = openLoad(plan, server)
    const { crowd, sampled } = load
    if (plan.everySec > 0) {
      timeline = await Timeline.start(
        { server, count: () => crowd.count(), latencies: sampled.latencies },
        plan.everySec,
      )
    }
    await crowd.join()
    await sleep(SETTLE_MS)
    await sleep(publishers[0]?.untilMidGopMs ?? 0)
    return await measureWindow({ plan, server, publishers, load, timeline })
  } finally {
    timeline?.stop()
    load?.crowd.close()
    for (const publisher of publishers) publisher.close()
    await server.stop()
  }
}

function startServer({ server, cores, nodeFlags }: Plan): Promise<BenchServer> {
  const isProgram = server.kind === 'cluster' || server.kind.startsWith('reference')
  return (isProgram ? ProgramServer : ServerProcess).start(server, cores?.server, nodeFlags)
}

/** All players, and those of this process, who look at every frame. */
interface Load {
  readonly crowd: Crowds
  readonly sampled: LocalCrowd
}

function openLoad(plan: Plan, server: BenchServer): Load {
  const { rtmpPort, httpPort } = server.ready
  const { players, joinsPerSecond, loadProcesses } = plan
  const target = {
    protocol: plan.protocol,
    port: plan.protocol === 'rtmp' ? rtmpPort : httpPort,
    streamNames: plan.idle
      ? ['nobody']
      : Array.from({ length: Math.max(1, plan.publishers) }, (_, i) => `s${i}`),
  } satisfies Partial<CrowdPlan>
  if (loadProcesses === 0) {
    const sampled = new LocalCrowd({ ...target, players, joinsPerSecond }, SAMPLED_PLAYERS)
    return { crowd: new Crowds([sampled]), sampled }
  }
  // Those who look at every frame have a process of their own: they tell of the server's delay, not of the crowd's.
  const here = Math.min(players, SAMPLED_PLAYERS)
  const share = (index: number): number => Math.floor((players - here + index) / loadProcesses)
  const sampled = new LocalCrowd({ ...target, players: here, joinsPerSecond }, here)
  const remote = Array.from(
    { length: loadProcesses },
    (_, i) =>
      new RemoteCrowd(
        { ...target, players: share(i), joinsPerSecond: joinsPerSecond / loadProcesses },
        plan.cores?.load,
      ),
  )
  return { crowd: new Crowds([sampled, ...remote]), sampled }
}

interface Window {
  readonly plan: Plan
  readonly server: BenchServer
  readonly publishers: readonly LoadPublisher[]
  readonly load: Load
  readonly timeline: Timeline | undefined
}

async function measureWindow({ plan, server, publishers, load, timeline }: Window): Promise<Measurement> {
  const { crowd, sampled } = load
  const joins = await crowd.joinMs()
  for (const publisher of publishers) publisher.lagMaxMs = 0
  const before = await server.sample()
  const crowdBefore = await crowd.count()
  const firstEntry = timeline?.entries.length ?? 0
  const firstLatency = sampled.latencies.length
  const sentBefore = sum(publishers.map(({ sentBytes }) => sentBytes))
  const startMs = performance.now()

  await sleep(plan.seconds * 1000)

  const after = await server.sample()
  const crowdAfter = await crowd.count()
  const ownMs = performance.now() - startMs
  const bits = 8 * (crowdAfter.receivedBytes - crowdBefore.receivedBytes)
  const sentBits = 8 * (sum(publishers.map(({ sentBytes }) => sentBytes)) - sentBefore)
  const seconds = (after.atMs - before.atMs) / 1000
  const cpuSeconds = (after.cpuMicros - before.cpuMicros) / 1e6
  const usage: LoadUsage = {
    ...usageBetween(crowdBefore, crowdAfter, ownMs),
    publisherLagMaxMs: Math.max(0, ...publishers.map(({ lagMaxMs }) => lagMaxMs)),
  }
  // A stream is heard by its share of the players.
  const expectedBits = publishers.length === 0 ? 0 : (sentBits / publishers.length) * plan.players
  const serverWaitPercent = percent((after.coreWaitMicros - before.coreWaitMicros) / 1e6, seconds)
  // Each look at the server begins the count of its longest delay anew.
  const late = (timeline?.entries.slice(firstEntry) ?? []).map(({ loopLateMaxMs }) => loopLateMaxMs)
  return {
    cpuSecondsPerGbit: cpuSeconds / (bits / 1e9),
    cpuPercent: percent(cpuSeconds, seconds),
    mbitPerSecond: bits / 1e6 / seconds,
    latencyMs: percentiles(sampled.latencies.slice(firstLatency)),
    joinMs: percentiles(joins),
    joined: joins.length,
    lostPlayers: crowdAfter.lost,
    lostPublishers: publishers.filter(({ lost, started }) => lost || !started).length,
    deliveredPercent: percent(bits, expectedBits),
    missingFrames: crowdAfter.missingFrames,
    skippedPackets: after.skippedPackets,
    flushesPerSecond: (after.flushes - before.flushes) / seconds,
    server: { ...after, loopLateMaxMs: Math.max(after.loopLateMaxMs, ...late) },
    serverWaitPercent,
    load: usage,
    timeline: timeline?.entries ?? [],
    doubts: doubtsOf(plan, usage, serverWaitPercent),
  }
}

function usageBetween(
  before: CrowdCounts,
  after: CrowdCounts,
  ms: number,
): Omit<LoadUsage, 'publisherLagMaxMs'> {
  return {
    cpuPercent: percent((after.cpuMicros - before.cpuMicros) / 1000, ms),
    waitPercent: percent((after.coreWaitMicros - before.coreWaitMicros) / 1000, ms),
    loopLateP99Ms: after.loopLateP99Ms,
  }
}

function doubtsOf(plan: Plan, load: LoadUsage, serverWaitPercent: number): string[] {
  const doubts: string[] = []
  // All of its processes share a core when there is one for it, else the machine with the server.
  const cores = plan.cores === undefined ? Math.min(1 + plan.loadProcesses, availableParallelism()) : 1
  if (load.cpuPercent > MAX_LOAD_CPU_PERCENT * cores) {
    doubts.push(`the load generator is the limit: it used ${load.cpuPercent.toFixed(0)} % of a core`)
  }
  if (load.loopLateP99Ms > MAX_LOAD_LOOP_LATE_MS) {
    doubts.push(
      `latency is the load generator's: its event loop was ${load.loopLateP99Ms.toFixed(0)} ms late (p99)`,
    )
  }
  if (load.waitPercent > MAX_WAIT_PERCENT && plan.loadProcesses === 0) {
    doubts.push(
      `other processes held the load generator's core for ${load.waitPercent.toFixed(0)} % of the time`,
    )
  }
  if (serverWaitPercent > MAX_WAIT_PERCENT) {
    doubts.push(`other processes held the server's core for ${serverWaitPercent.toFixed(0)} % of the time`)
  }
  return doubts
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
