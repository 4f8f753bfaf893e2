/** What happens over time: a line for every few seconds, from the first player on. */
import { percent, percentiles, type Percentiles } from './percentiles.ts'
import type { BenchServer, CrowdCounts, ServerSample } from './settings.ts'

/** Some seconds. */
export interface TimelineEntry {
  /** s since the first player came. */
  readonly atSec: number
  readonly joined: number
  readonly lost: number
  readonly mbitPerSecond: number
  readonly cpuPercent: number
  readonly rssBytes: number
  /** Longest time the event loop was late, for whatever reason. */
  readonly loopLateMaxMs: number
  /** Longest time that the server itself held its event loop up. */
  readonly turnMaxMs: number
  /** Share of the time that the server was ready to run and had no core, %. */
  readonly coreWaitPercent: number
  readonly flushesPerSecond: number
  readonly roundMs: number
  readonly skippedPackets: number
  readonly missingFrames: number
  readonly latencyMs: Percentiles
}

/** Where the figures come from. */
export interface TimelineInput {
  readonly server: BenchServer
  count(): Promise<CrowdCounts>
  /** Delays so far, ms; they are only added to. */
  readonly latencies: readonly number[]
}

/** Takes an entry every `everySec` seconds, and prints it. */
export class Timeline {
  readonly entries: TimelineEntry[]
  readonly #input: TimelineInput
  readonly #startMs: number
  readonly #timer: NodeJS.Timeout
  #server: ServerSample
  #crowd: CrowdCounts
  #latencies: number

  private constructor(input: TimelineInput, everySec: number, server: ServerSample, crowd: CrowdCounts) {
    this.entries = []
    this.#input = input
    this.#server = server
    this.#crowd = crowd
    this.#latencies = 0
    this.#startMs = performance.now()
    console.log(
      '   s  players  Mbit/s  CPU %  RSS MB  loop late ms  turn ms  no core %  flushes/s  round ms  latency ms 50 / 99 / max  skipped  missing  lost',
    )
    this.#timer = setInterval(() => void this.#tick(), everySec * 1000)
  }

  static async start(input: TimelineInput, everySec: number): Promise<Timeline> {
    return new Timeline(input, everySec, await input.server.sample(), await input.count())
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    const [before, crowdBefore] = [this.#server, this.#crowd]
    const [server, crowd] = await Promise.all([this.#input.server.sample(), this.#input.count()])
    this.#server = server
    this.#crowd = crowd
    const latencies = this.#input.latencies.slice(this.#latencies)
    this.#latencies += latencies.length
    const ms = server.atMs - before.atMs
    const entry: TimelineEntry = {
      atSec: (performance.now() - this.#startMs) / 1000,
      joined: crowd.joined,
      lost: crowd.lost,
      mbitPerSecond: (8 * (crowd.receivedBytes - crowdBefore.receivedBytes)) / 1000 / ms,
      cpuPercent: percent((server.cpuMicros - before.cpuMicros) / 1000, ms),
      rssBytes: server.rssBytes,
      loopLateMaxMs: server.loopLateMaxMs,
      turnMaxMs: server.turnMaxMs,
      coreWaitPercent: percent((server.coreWaitMicros - before.coreWaitMicros) / 1000, ms),
      flushesPerSecond: ((server.flushes - before.flushes) / ms) * 1000,
      roundMs: server.roundMs,
      skippedPackets: server.skippedPackets,
      missingFrames: crowd.missingFrames,
      latencyMs: percentiles(latencies),
    }
    this.entries.push(entry)
    console.log(line(entry))
  }
}

function line(entry: TimelineEntry): string {
  const { p50, p99, max } = entry.latencyMs
  const cells: [number, number, number][] = [
    [entry.atSec, 4, 0],
    [entry.joined, 7, 0],
    [entry.mbitPerSecond, 6, 0],
    [entry.cpuPercent, 5, 0],
    [entry.rssBytes / 1e6, 6, 0],
    [entry.loopLateMaxMs, 12, 1],
    [entry.turnMaxMs, 7, 1],
    [entry.coreWaitPercent, 9, 0],
    [entry.flushesPerSecond, 9, 1],
    [entry.roundMs, 8, 0],
  ]
  const latency = [p50, p99, max].map((value) => (Number.isNaN(value) ? '-' : value.toFixed(0))).join(' / ')
  const counts: [number, number, number][] = [
    [entry.skippedPackets, 7, 0],
    [entry.missingFrames, 7, 0],
    [entry.lost, 4, 0],
  ]
  return [...cells.map(cell), latency.padStart(24), ...counts.map(cell)].join('  ')
}

function cell([value, width, digits]: [number, number, number]): string {
  return (Number.isFinite(value) ? value.toFixed(digits) : '-').padStart(width)
}
