/**
 * Measures the built package, beside rivals in the same process:
 *
 *   npm run bench                      every case
 *   npm run bench -- chunk flv         cases whose name contains one of the words
 *   npm run bench -- --json out.json   the results as JSON too
 *   npm run bench -- --rounds 9 --time 400
 *
 * The contestants of a case take turns, round after round, so that a machine that slows down slows all of them. A
 * figure is the median of the rounds' medians; the spread is their lowest and highest.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Bench } from 'tinybench'
import type { BenchCase, Contestant } from './bench-case.ts'

interface Figure {
  readonly case: string
  readonly unit: string
  readonly contestant: string
  /** ns a unit: median, lowest and highest of the rounds' medians. */
  readonly ns: number
  readonly lowNs: number
  readonly highNs: number
  /** This contestant's time by the first one's. */
  readonly ratio: number
}

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    time: { type: 'string', default: '200' },
  },
})
const rounds = Number(options.rounds)
const timeMs = Number(options.time)

async function loadCases(): Promise<BenchCase[]> {
  const folder = join(import.meta.dirname, 'cases')
  const cases: BenchCase[] = []
  for (const file of readdirSync(folder).toSorted()) {
    if (!file.endsWith('.js')) continue
    const module = (await import(join(folder, file))) as { default: readonly BenchCase[] }
    cases.push(...module.default)
  }
  return cases.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
}

/** Median time of a call in ns over `timeMs`. */
async function measure(contestant: Contestant): Promise<number> {
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, warmupIterations: 2, iterations: 3 })
  bench.add('call', contestant)
  const [task] = await bench.run()
  if (task?.result.state !== 'completed') throw new Error(`not completed: ${task?.result.state}`)
  return task.result.latency.p50 * 1e6
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

async function runCase(bench: BenchCase): Promise<Figure[]> {
  const entries = Object.entries(bench.contestants)
  for (const [name, contestant] of entries) {
    const result = await contestant()
    if (result !== bench.expected)
      throw new Error(`${bench.name}: ${name} gave ${result}, not ${bench.expected}`)
  }
  const samples = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, contestant] of round % 2 === 0 ? entries : entries.toReversed()) {
      samples.get(name)!.push((await measure(contestant)) / bench.unitsPerCall)
    }
  }
  const first = median(samples.get(entries[0]![0])!)
  return entries.map(([contestant]) => {
    const all = samples.get(contestant)!
    const ns = median(all)
    const range = { lowNs: Math.min(...all), highNs: Math.max(...all) }
    return { case: bench.name, unit: bench.unit, contestant, ns, ...range, ratio: ns / first }
  })
}

function duration(ns: number): string {
  if (ns < 10_000) return `${ns.toFixed(0)} ns`
  return ns < 10_000_000 ? `${(ns / 1e3).toFixed(1)} µs` : `${(ns / 1e6).toFixed(1)} ms`
}

function format(figure: Figure): string {
  const rate = `${Math.round(1e9 / figure.ns).toLocaleString('en')} ${figure.unit}/s`
  const spread = `${duration(figure.lowNs)} to ${duration(figure.highNs)}`
  return [
    `  ${figure.contestant.padEnd(34)}`,
    `${duration(figure.ns)}/${figure.unit}`.padStart(16),
    rate.padStart(24),
    `${figure.ratio.toFixed(2)}×`.padStart(9),
    `  (${spread})`,
  ].join('')
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${rounds} rounds of ${timeMs} ms\n`,
)
const figures: Figure[] = []
for (const bench of await loadCases()) {
  console.log(bench.name)
  for (const figure of await runCase(bench)) {
    figures.push(figure)
    console.log(format(figure))
  }
}
if (options.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
  writeFileSync(options.json, `${JSON.stringify({ machine, rounds, timeMs, figures }, null, 2)}\n`)
}
