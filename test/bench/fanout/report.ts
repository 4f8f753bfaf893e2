/** Rounds of measurements as a table. */
import type { Measurement } from './measure.ts'

/** Median, lowest and highest of the rounds. */
interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** All rounds of one contestant. */
export interface Summary {
  readonly name: string
  readonly cpuSecondsPerGbit: Figure
  readonly cells: readonly string[]
  /** What there is to say of a cluster. */
  readonly notes: readonly string[]
  readonly doubts: readonly string[]
}

const COLUMNS = [
  'server',
  'CPU s/Gbit (low to high)',
  '× BASE',
  'CPU %',
  'RSS MB',
  'heap MB',
  'latency ms 50 / 95 / 99',
  'join ms 50 / max',
  'joined',
  'delivered %',
  'missing',
  'skipped',
  'lost',
  'loop late ms',
  'flushes/s',
  'load CPU %',
]

/** Takes the rounds of one contestant together. */
export function summarize(name: string, rounds: readonly Measurement[]): Summary {
  const of = (pick: (round: Measurement) => number): Figure => figure(rounds.map(pick))
  const cpu = of((round) => round.cpuSecondsPerGbit)
  const median = (pick: (round: Measurement) => number, digits = 0): string => number(of(pick).median, digits)
  const highest = (pick: (round: Measurement) => number): string => number(of(pick).high, 0)
  const cells = [
    of((round) => round.cpuPercent),
    of(({ server }) => server.rssBytes / 1e6),
    of(({ server }) => server.heapUsedBytes / 1e6),
  ].map(({ median: value }) => number(value, 1))
  return {
    name,
    cpuSecondsPerGbit: cpu,
    cells: [
      ...cells,
      `${median((round) => round.latencyMs.p50, 1)} / ${median((round) => round.latencyMs.p95, 1)} / ${median((round) => round.latencyMs.p99, 1)}`,
      `${median((round) => round.joinMs.p50, 1)} / ${highest((round) => round.joinMs.max)}`,
      number(Math.min(...rounds.map(({ joined }) => joined)), 0),
      median((round) => round.deliveredPercent, 1),
      highest((round) => round.missingFrames),
      highest((round) => round.skippedPackets),
      highest((round) => round.lostPlayers + round.lostPublishers),
      highest(({ server }) => server.loopLateMaxMs),
      median((round) => round.flushesPerSecond, 1),
      highest(({ load }) => load.cpuPercent),
    ],
    notes: rounds.flatMap(({ server: { workers } }, index) =>
      workers === undefined || workers.length < 2
        ? []
        : [
            `${name}, round ${index + 1}: players ${workers.map(({ players }) => players).join(' + ')}, ` +
              `pulls ${workers.map(({ pulls }) => pulls).join(' + ')}`,
          ],
    ),
    doubts: rounds.flatMap(({ doubts }, index) =>
      doubts.map((doubt) => `${name}, round ${index + 1}: ${doubt}`),
    ),
  }
}

/** The table of contestants that are compared with one another, and below it what casts doubt on it. */
export function describe(summaries: readonly Summary[]): string {
  const floor = summaries.find(({ name }) => name === 'floor')
  const base = floor ?? (summaries.length > 1 ? summaries[0] : undefined)
  const columns = COLUMNS.map((title) => title.replace('BASE', base?.name ?? 'floor'))
  const rows = summaries.map(({ name, cpuSecondsPerGbit: { median, low, high }, cells }) => [
    name,
    `${number(median, 3)} (${number(low, 3)} to ${number(high, 3)})`,
    base === undefined ? '-' : number(median / base.cpuSecondsPerGbit.median, 2),
    ...cells,
  ])
  const widths = columns.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  const lines = [columns, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  )
  return [
    ...lines,
    ...summaries.flatMap(({ notes }) => notes),
    ...summaries.flatMap(({ doubts }) => doubts),
    '',
  ].join('\n')
}

function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)]!, low: sorted[0]!, high: sorted.at(-1)! }
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-'
}
