/**
 * Fuzzes the built package, guided by what code each input reaches: `npm run fuzz -- [TARGET …] [--seconds N] [--seed N] [--keep]`.
 *
 * Inputs that reach new code are changed further; `--keep` writes the shortest of them into the corpus. An error other than a `MediaError`,
 * or an input that takes a second, ends it with code 1 and the input in hex.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BlockCoverage } from './coverage.ts'
import { mutate, Random } from './mutate.ts'
import * as targets from './targets.ts'

/** Reading V8's counters costs some ms: so many inputs are run between two readings. */
const BATCH = 128

/** An input that takes so long is a defect. */
const HANG_MS = 1_000

/** Longest input that `--keep` writes. */
const MAX_KEPT_BYTES = 1024

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    keep: { type: 'boolean', default: false },
  },
})
const corpora = resolve(import.meta.dirname, '../../test/fuzz/corpus')
const random = new Random(Number(values.seed))
const coverage = new BlockCoverage()
const all = new Map(Object.entries(targets))
console.log(`seed ${values.seed}`)
for (const name of positionals.length > 0 ? positionals : all.keys()) {
  const target = all.get(name)
  if (target === undefined) throw new Error(`no target ${name}; there are ${[...all.keys()].join(' ')}`)
  fuzz(name, target)
}

function fuzz(name: string, target: targets.FuzzTarget): void {
  const folder = join(corpora, name)
  mkdirSync(folder, { recursive: true })
  const corpus: Uint8Array[] = readdirSync(folder).map(
    (file) => new Uint8Array(readFileSync(join(folder, file))),
  )
  for (const input of corpus) run(name, target, input)
  coverage.take(true)
  const before = coverage.size
  if (corpus.length === 0) corpus.push(new Uint8Array())
  const given = corpus.length
  const endMs = performance.now() + Number(values.seconds) * 1000
  let runs = 0
  while (performance.now() < endMs) {
    const batch = Array.from({ length: BATCH }, () =>
      mutate(random, corpus[random.below(corpus.length)]!, corpus[random.below(corpus.length)]!),
    )
    for (const input of batch) run(name, target, input)
    runs += batch.length
    if (!coverage.take(false)) continue
    for (const input of batch) {
      run(name, target, input)
      if (!coverage.take(true)) continue
      corpus.push(input)
      if (!values.keep || input.length > MAX_KEPT_BYTES) continue
      writeFileSync(join(folder, createHash('sha256').update(input).digest('hex').slice(0, 12)), input)
    }
  }
  console.log(
    `${name}: ${runs} runs, ${corpus.length - given} new inputs, ${coverage.size - before} new blocks`,
  )
}

function run(name: string, target: targets.FuzzTarget, input: Uint8Array): void {
  const startMs = performance.now()
  try {
    target(input)
    if (performance.now() - startMs < HANG_MS) return
    console.error(`${name} took ${Math.round(performance.now() - startMs)} ms`)
  } catch (error) {
    console.error(error)
  }
  console.error(`${name}: ${Buffer.from(input).toString('hex')}`)
  process.exit(1)
}
