/**
 * Measures the fan-out of the built package over loopback, beside the floor: bare writes of the same bytes.
 *
 *   npm run bench:fanout                                        1000 RTMP players, default profile
 *   npm run bench:fanout -- --players 200,500,1000 --profile default,balanced,throughput --protocol rtmp,flv,ws
 *   npm run bench:fanout -- --servers millrace,floor,bare --rounds 5 --json out.json
 *   npm run bench:fanout -- --servers millrace --players 0 --publishers 200       ingest alone
 *   npm run bench:fanout -- --servers millrace --idle --players 1000              players of a stream that nobody publishes
 *   npm run bench:fanout -- --servers millrace --node-flag --cpu-prof             a profile of the server
 *   npm run bench:fanout -- --overload                              more players than a core serves, second by second
 *   npm run bench:fanout -- --servers millrace --rounds 1 --players 10000 --profile 350 --joins 400 --seconds 600 --every 10
 *   npm run bench:fanout -- --servers cluster-1,cluster-2           one and two workers that share the ports (Linux)
 *   npm run bench:fanout -- --servers millrace,reference,reference-all        what the reference server adds (Linux)
 *
 * The contestants take turns, round after round, so that a machine that slows down slows all of them. A figure is the median
 * of the rounds; the spread is their lowest and highest. On Linux with `taskset` the server has one core and the load
 * generator another, a cluster and its load all of them. Ratios are to the floor, or to the first contestant without one.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Measurement, measure, type Plan } from './measure.ts'
import { describe, summarize } from './report.ts'
import { CAN_PIN, pinSelf } from './server-process.ts'
import type { Protocol, ServerSettings } from './settings.ts'

/** What is measured unless told otherwise. */
const DEFAULTS = {
  players: '1000',
  profile: 'default',
  protocol: 'rtmp',
  servers: 'millrace,floor',
  publishers: '1',
  bitrate: '1000',
  seconds: '8',
  rounds: '3',
  joins: '200',
  every: '0',
}
/** How a server takes more than it can. */
const OVERLOAD = {
  players: '6000',
  servers: 'millrace',
  rounds: '1',
  seconds: '20',
  joins: '300',
  every: '1',
}

const { values: given } = parseArgs({
  options: {
    players: { type: 'string' },
    profile: { type: 'string' },
    protocol: { type: 'string' },
    servers: { type: 'string' },
    publishers: { type: 'string' },
    idle: { type: 'boolean', default: false },
    bitrate: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    joins: { type: 'string' },
    'load-processes': { type: 'string' },
    every: { type: 'string' },
    overload: { type: 'boolean', default: false },
    'node-flag': { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
})
const options = { ...DEFAULTS, ...(given.overload ? OVERLOAD : {}), ...given }

/** Least time between two flushes, ms. A number stands for itself. */
const PROFILES: Readonly<Record<string, number>> = { default: 0, balanced: 100, throughput: 350 }

/** Names of servers. */
const SERVERS: Readonly<Record<string, Partial<ServerSettings> & Pick<ServerSettings, 'kind'>>> = {
  millrace: { kind: 'millrace' },
  floor: { kind: 'floor' },
  bare: { kind: 'bare' },
  'bare-own-bytes': { kind: 'bare', perPlayer: true },
  'bare-messages': { kind: 'bare', perMessage: true },
  'bare-messages-own-bytes': { kind: 'bare', perMessage: true, perPlayer: true },
  reference: { kind: 'reference' },
  'reference-all': { kind: 'reference-all' },
  'cluster-1': { kind: 'cluster', workers: 1 },
  'cluster-2': { kind: 'cluster', workers: 2 },
}

/** Beyond so many players the load generator takes more processes, so that one that looks at frames is not held up. */
const PLAYERS_PER_PROCESS = 2000

interface Contestant {
  readonly name: string
  readonly profile: string
  readonly players: number
  readonly plan: Plan
  readonly rounds: Measurement[]
}

function list(text: string): string[] {
  return text.split(',').filter((part) => part !== '')
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (found === undefined) throw new RangeError(`${name}: one of ${Object.keys(table).join(', ')}`)
  return found
}

function flushMsOf(profile: string): number {
  return /^\d+$/.test(profile) ? Number(profile) : lookUp(PROFILES, profile)
}

/** Contestants that are compared with one another: the same profile and number of players. */
function contestants(profile: string, players: number): Contestant[] {
  const kbps = Number(options.bitrate)
  return list(options.servers).flatMap((name) => {
    const server: ServerSettings = {
      perMessage: false,
      perPlayer: false,
      workers: 0,
      ...lookUp(SERVERS, name),
      flushMs: flushMsOf(profile),
      kbps,
      watchTurns: Number(options.every) > 0,
    }
    const isBare = server.kind === 'bare' || server.kind === 'floor'
    // The bare fan-outs answer whatever comes with FLV.
    return (isBare ? (['flv'] as const) : protocols).map((protocol) => ({
      name: isBare ? name : `${name} ${protocol}`,
      profile,
      players,
      plan: {
        server,
        protocol,
        players,
        publishers: Number(options.publishers),
        idle: options.idle,
        kbps,
        seconds: Number(options.seconds),
        joinsPerSecond: Number(options.joins),
        loadProcesses: loadProcessesFor(players),
        everySec: Number(options.every),
        cores: isPinned ? { server: 0, load: 1 } : undefined,
        nodeFlags: options['node-flag'],
      },
      rounds: [],
    }))
  })
}

function loadProcessesFor(players: number): number {
  const { 'load-processes': processes } = options
  if (processes !== undefined) return Number(processes)
  return players <= PLAYERS_PER_PROCESS ? 0 : Math.ceil(players / (2 * PLAYERS_PER_PROCESS))
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { rtmp: 'rtmp', flv: 'flv', ws: 'ws' }
const protocols = list(options.protocol).map((name) => lookUp(PROTOCOLS, name))
const rounds = Number(options.rounds)
const isPinned = CAN_PIN && !list(options.servers).some((name) => name.startsWith('cluster'))
if (isPinned) pinSelf(1)
else if (CAN_PIN) console.log('A cluster and its load generator share all cores.\n')
else
  console.log(
    'No taskset, or a single core: server and load generator share the cores as the system likes.\n',
  )
console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${rounds} rounds of ${options.seconds} s, ` +
    `${options.publishers} × ${options.bitrate} kbit/s\n`,
)

const results: Contestant[] = []
for (const players of list(options.players).map(Number)) {
  for (const profile of list(options.profile)) {
    const group = contestants(profile, players)
    for (let round = 0; round < rounds; round++) {
      for (const { plan, rounds: measured } of round % 2 === 0 ? group : group.toReversed()) {
        measured.push(await measure(plan))
      }
    }
    console.log(`${players} players, profile ${profile} (flush at least ${flushMsOf(profile)} ms apart)`)
    console.log(describe(group.map(({ name, rounds: measured }) => summarize(name, measured))))
    results.push(...group)
  }
}
if (options.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, pinned: isPinned }
  writeFileSync(options.json, `${JSON.stringify({ machine, options, results }, null, 2)}\n`)
}
