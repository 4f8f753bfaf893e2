/** Players of a measurement: some in this process, who look at every frame, and a crowd that may need processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoadPlayer } from './load-player.ts'
import { LoopDelay } from './loop-delay.ts'
import { coreWaitMicros, cpuMicros } from './process-usage.ts'
import type { CrowdCounts, CrowdPlan } from './settings.ts'

/** Every player acknowledges once in so many ms, and not all of them at once. */
const ACKNOWLEDGE_MS = 5000
const ACKNOWLEDGE_SHARES = 100

/** Players that join at a steady pace. */
export interface Crowd {
  /** Connects all of them; resolves when the last one is on its way. */
  join(): Promise<void>
  count(): Promise<CrowdCounts>
  /** Time from connecting to the first keyframe of each player that had one, ms. */
  joinMs(): Promise<readonly number[]>
  close(): void
}

/** Players of this process. */
export class LocalCrowd implements Crowd {
  /** Delay of each frame that a sampled player got, ms. */
  readonly latencies: number[]
  readonly #plan: CrowdPlan
  readonly #sampledEvery: number
  readonly #players: LoadPlayer[]
  readonly #loopDelay: LoopDelay
  readonly #acknowledging: NodeJS.Timeout
  #closed: boolean

  /** @param sampled - how many of them parse everything. */
  constructor(plan: CrowdPlan, sampled: number) {
    this.latencies = []
    this.#plan = plan
    this.#sampledEvery = sampled === 0 ? Infinity : Math.max(1, Math.floor(plan.players / sampled))
    this.#players = []
    this.#loopDelay = new LoopDelay()
    let share = 0
    this.#acknowledging = setInterval(() => {
      share = (share + 1) % ACKNOWLEDGE_SHARES
      for (let i = share; i < this.#players.length; i += ACKNOWLEDGE_SHARES) this.#players[i]!.acknowledge()
    }, ACKNOWLEDGE_MS / ACKNOWLEDGE_SHARES)
    this.#closed = false
  }

  async join(): Promise<void> {
    const { protocol, port, streamNames, players, joinsPerSecond } = this.#plan
    const startMs = performance.now()
    for (let i = 0; i < players && !this.#closed; i++) {
      const target = { protocol, port, streamName: streamNames[i % streamNames.length]! }
      const isSampled = i % this.#sampledEvery === 0 && this.#sampledEvery !== Infinity
      this.#players.push(new LoadPlayer(target, isSampled, this.latencies))
      const dueMs = ((i + 1) / joinsPerSecond) * 1000 - (performance.now() - startMs)
      if (dueMs > 0) await sleep(dueMs)
    }
  }

  count(): Promise<CrowdCounts> {
    let receivedBytes = 0
    let joined = 0
    let lost = 0
    let missingFrames = 0
    for (const player of this.#players) {
      receivedBytes += player.receivedBytes
      missingFrames += player.missingFrames
      if (player.joinMs !== undefined) joined++
      if (player.lost) lost++
    }
    const loopLateP99Ms = this.#loopDelay.percentileMs(99)
    this.#loopDelay.reset()
    return Promise.resolve({
      receivedBytes,
      joined,
      lost,
      missingFrames,
      cpuMicros: cpuMicros(),
      coreWaitMicros: coreWaitMicros(),
      loopLateP99Ms,
    })
  }

  joinMs(): Promise<readonly number[]> {
    return Promise.resolve(this.#players.flatMap(({ joinMs }) => joinMs ?? []))
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#acknowledging)
    for (const player of this.#players) player.close()
  }
}

/** What crowd-process.ts is asked. */
export type CrowdRequest = 'join' | 'count' | 'joinMs'

/** Players of a process of their own, which look at nothing but their first keyframe. */
export class RemoteCrowd implements Crowd {
  readonly #child: ChildProcess
  readonly #waiting: Map<CrowdRequest, ((answer: unknown) => void)[]>

  /** @param core - where it runs, `undefined` for anywhere. */
  constructor(plan: CrowdPlan, core: number | undefined) {
    const node = [process.execPath, join(import.meta.dirname, 'crowd-process.js'), JSON.stringify(plan)]
    const [command, ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node]
    this.#child = spawn(command!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#waiting = new Map()
    this.#child.on('message', ([request, answer]: [CrowdRequest, unknown]) => {
      for (const resolve of this.#waiting.get(request) ?? []) resolve(answer)
      this.#waiting.delete(request)
    })
    this.#child.once('exit', (code) => {
      if (code !== 0 && code !== null) throw new Error(`players ended with ${code}`)
    })
  }

  join(): Promise<void> {
    return this.#ask('join')
  }

  count(): Promise<CrowdCounts> {
    return this.#ask('count')
  }

  joinMs(): Promise<readonly number[]> {
    return this.#ask('joinMs')
  }

  close(): void {
    this.#child.disconnect()
  }

  #ask<T>(request: CrowdRequest): Promise<T> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(request)
      if (waiting !== undefined) waiting.push(resolve as (answer: unknown) => void)
      else {
        this.#waiting.set(request, [resolve as (answer: unknown) => void])
        this.#child.send(request)
      }
    })
  }
}

/** Several crowds as one. */
export class Crowds implements Crowd {
  readonly #all: readonly Crowd[]

  constructor(all: readonly Crowd[]) {
    this.#all = all
  }

  async join(): Promise<void> {
    await Promise.all(this.#all.map((crowd) => crowd.join()))
  }

  async count(): Promise<CrowdCounts> {
    const counts = await Promise.all(this.#all.map((crowd) => crowd.count()))
    const sum = (pick: (count: CrowdCounts) => number): number =>
      counts.reduce((n, count) => n + pick(count), 0)
    return {
      receivedBytes: sum(({ receivedBytes }) => receivedBytes),
      joined: sum(({ joined }) => joined),
      lost: sum(({ lost }) => lost),
      missingFrames: sum(({ missingFrames }) => missingFrames),
      cpuMicros: sum(({ cpuMicros: cpu }) => cpu),
      // They wait for each other, if they share a core: that is no other process's doing.
      coreWaitMicros: Math.min(...counts.map(({ coreWaitMicros: wait }) => wait)),
      // The first one looks at every frame: its delay is the one that is measured with.
      loopLateP99Ms: counts[0]!.loopLateP99Ms,
    }
  }

  async joinMs(): Promise<readonly number[]> {
    return (await Promise.all(this.#all.map((crowd) => crowd.joinMs()))).flat()
  }

  close(): void {
    for (const crowd of this.#all) crowd.close()
  }
}
