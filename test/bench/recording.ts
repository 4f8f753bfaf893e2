/**
 * Measures what recordings cost a process: CPU beside the same streams unrecorded, and the time to make MP4 files whole.
 *
 *   npm run bench:recording                                    50 streams of 1 Mbit/s
 *   npm run bench:recording -- --streams 200 --seconds 20 --rounds 3 --kbps 1000
 *   npm run bench:recording -- --directory /mnt/recordings     where the files go, in the temporary folder otherwise
 *
 * Publishers are in the process: each round has its streams unrecorded, as FLV and as MP4, in turn. A figure is the median of the
 * rounds; the spread is their lowest and highest.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Hub } from 'millrace/hub'
import { DirectoryRecordingStore, Recorder } from 'millrace/services/recording'
import { SyntheticStream } from './fanout/synthetic-stream.ts'

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '50' },
    kbps: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    directory: { type: 'string', default: tmpdir() },
  },
})
const streams = Number(values.streams)
const seconds = Number(values.seconds)

const CONTESTANTS = ['unrecorded', 'flv', 'mp4'] as const

interface Round {
  /** CPU of a core while recording, %. */
  readonly cpu: number
  /** The longest turn of the event loop, ms. */
  readonly longestTurnMs: number
  /** To make all files whole, ms, and its CPU in s. */
  readonly finishMs: number
  readonly finishCpu: number
  readonly megabytes: number
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

async function measure(contestant: (typeof CONTESTANTS)[number]): Promise<Round> {
  const directory = await mkdtemp(join(values.directory, 'millrace-bench-'))
  const hub = new Hub()
  const store = new DirectoryRecordingStore(directory)
  const recorder =
    contestant === 'unrecorded' ? undefined : new Recorder({ hub, store, path: `[stream].${contestant}` })
  recorder?.on('error', ({ error }) => console.error(error.message))
  const sources = Array.from({ length: streams }, (_, i) => ({
    publisher: hub.publish(`/live/${i}`),
    stream: new SyntheticStream(Number(values.kbps)),
  }))
  for (const { publisher, stream } of sources) {
    for (const packet of stream.configuration()) publisher.write(packet)
  }
  const startMs = performance.now()
  const startCpu = cpuSeconds()
  let longestTurnMs = 0
  while (performance.now() - startMs < seconds * 1_000) {
    const before = performance.now()
    await sleep(10)
    longestTurnMs = Math.max(longestTurnMs, performance.now() - before - 10)
    for (const { publisher, stream } of sources) {
      while (stream.nextMs <= performance.now() - startMs) publisher.write(stream.next())
    }
  }
  const cpu = ((cpuSeconds() - startCpu) / ((performance.now() - startMs) / 1_000)) * 100
  const finishStartMs = performance.now()
  const finishStartCpu = cpuSeconds()
  for (const { publisher } of sources) publisher.unpublish()
  await recorder?.close()
  const finishMs = performance.now() - finishStartMs
  const finishCpu = cpuSeconds() - finishStartCpu
  hub.close()
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  )
  await rm(directory, { recursive: true })
  return {
    cpu,
    longestTurnMs,
    finishMs,
    finishCpu,
    megabytes: sizes.reduce((sum, size) => sum + size, 0) / 1e6,
  }
}

function shown(figures: readonly number[], digits = 1): string {
  const sorted = figures.toSorted((a, b) => a - b)
  const [low, middle, high] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!]
  return `${middle.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`
}

const rounds = new Map(CONTESTANTS.map((contestant) => [contestant, [] as Round[]]))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const contestant of CONTESTANTS) rounds.get(contestant)!.push(await measure(contestant))
}
console.log(
  `${streams} streams of ${values.kbps} kbit/s, ${values.rounds} rounds of ${seconds} s, Node ${process.version}\n`,
)
console.log('| | CPU of a core, % | longest turn, ms | made whole in, ms | CPU of that, s | MB |')
console.log('|---|---|---|---|---|---|')
for (const [contestant, all] of rounds) {
  const column = (name: keyof Round, digits?: number): string =>
    shown(
      all.map((one) => one[name]),
      digits,
    )
  console.log(
    `| ${contestant} | ${column('cpu')} | ${column('longestTurnMs')} | ${column('finishMs', 0)} | ${column('finishCpu', 2)} | ${column('megabytes')} |`,
  )
}
